"""A contract manager follows a figure to where it comes from: contract, promise, line, return,
entry; and looks at what was known on a day.
"""

from __future__ import annotations

import pytest

from tests.browser.person import NEEDS_BROWSER, Person, at_the_desk

pytestmark = NEEDS_BROWSER

HUB = "Community hub in Page Moss: building works"
SPEND = "Spend with firms in Knowsley"


class TestCouncil:
    @pytest.mark.parametrize("has_script", [True, False])
    async def test_reads(self, demo: dict[str, str], has_script: bool) -> None:
        """By keyboard, with script and without."""
        async with at_the_desk(demo, has_script=has_script) as person:
            await person.sign_in("Priya Nair")
            await a_contract_says_what_is_behind(person)
            await a_promise_says_how_its_figure_was_made(person)
            await a_line_leads_to_its_return_and_its_entry(person)
            await a_contract_is_shown_as_it_was_known(person)


async def a_contract_says_what_is_behind(person: Person) -> None:
    """£1,000 a day for 184 days, of which £150,000 counts: 81.5%; by 30 September 153 days, of
    which £117,000: 76.4%. Every return came within ten working days."""
    await person.open(f"{person.sites['verification']}/contracts")
    await person.follow(HUB, ends="/contracts/KMBC-2026-0101")
    await person.reads(
        f"1 of 3 promises is behind: {SPEND}, £34,000.",
        "£184,000 by 31 October 2026 £150,000 Waiting for the council: £500 £34,000 Requires "
        "improvement 81.5%, up from 76.4%",
        "✓ in time, D not due yet",
        f"{SPEND}: behind since June 2026",
        "The return for October 2026 came, receipt 24 4 November 2026, 10:00 In the record",
    )


async def a_promise_says_how_its_figure_was_made(person: Person) -> None:
    """£215,000 is left for November to April. In October £33,000 came, more than in any month."""
    await person.follow(SPEND, ends="/contracts/KMBC-2026-0101/commitments/local-spend")
    await person.reads(
        f"{SPEND} is £34,000 behind.",
        "Needs £35,833 a month for 6 months; best so far £33,000.",
        "By 31 October 2026, £184,000 was due, and £150,000 counts.",
        "July 2026 £92,000 £64,000 69.5% of what was due £500 £28,000 Inadequate",
        "INV-1052 Line 4, 20 October 2026 £13,000.00 £13,000.00 Counts Receipt 24",
        "as an exact fraction 75/92",
    )
    name = f"{SPEND}: due and counted, May to October 2026"
    chart = person.page.get_by_role("img", name=name)
    assert 1 == await chart.count()
    await person.page.get_by_label("Result").select_option("Waits for the council")
    await person.follow("Filter", ends="?month=&result=queried")
    await person.reads(
        "INV-1013 Line 5, 25 June 2026 £500.00 £0.00 Waits for the council The directory does not "
        "have L36 9ZZ. Receipt 6 Return for June 2026 In the record",
    )


async def a_line_leads_to_its_return_and_its_entry(person: Person) -> None:
    """The return says the same of the line; the record has the return's life."""
    promise = person.page.url
    await person.follow("Receipt 6")
    await person.reads("Return for June 2026", "£500.00 £0.00 Waits for the council")
    await person.open(promise)
    await person.follow("In the record")
    await person.reads("June 2026", "eceipt 6")
    await person.open(promise)


async def a_contract_is_shown_as_it_was_known(person: Person) -> None:
    """By 31 August, July was the last month that was rated, and its return had been corrected: 92
    days of £1,000 were due and £64,000 counted; 4 visits were due and 2 counted. From August to
    April, 9 months, £301,000 was left."""
    await person.follow(HUB, ends="/contracts/KMBC-2026-0101")
    field = person.page.get_by_label("As known on")
    await field.fill("31 August 2026")
    async with person.page.expect_navigation():
        await field.press("Enter")
    await person.look()
    assert person.page.url.endswith("?as_at=31+August+2026")
    await person.reads(
        "This is what was known at the end of 31 August 2026.",
        f"2 of 3 promises are behind: {SPEND}, £28,000; Visits to schools, 2 visits.",
        "£92,000 by 31 July 2026 £64,000",
    )
    await person.follow(SPEND, ends="/commitments/local-spend?as_at=2026-08-31")
    await person.reads(
        f"{SPEND} is £28,000 behind.",
        "Needs £33,444 a month for 9 months; best so far £31,500.",
    )
    await person.follow("See it as it is now", ends="/commitments/local-spend")
    await person.reads(f"{SPEND} is £34,000 behind.")
