"""Two people at their pages, in a real browser, on the whole system with a month of returns.

Every page that they open is looked at: axe finds nothing, nothing scrolls sideways at 320 pixels,
the keyboard reaches every link and button, and the browser's console is silent. The journeys are
walked with script and without.
"""

from __future__ import annotations

import pytest

from tests.browser.person import NEEDS_BROWSER, Person, at_the_desk

pytestmark = NEEDS_BROWSER


class TestPages:
    @pytest.mark.parametrize("has_script", [True, False])
    async def test_stand(self, demo: dict[str, str], has_script: bool) -> None:
        """With script and without."""
        async with at_the_desk(demo, has_script=has_script) as person:
            await a_supplier_sees_what_counts(person)
            await a_manager_sees_what_is_behind(person)
            await a_manager_sees_what_is_overdue(person)
            await whoever_signs_out_is_out(person)


async def a_supplier_sees_what_counts(person: Person) -> None:
    """First what to send: all is in, and November's return is due on the 10th working day of
    December. Then June: a postcode that does not exist waits for the council."""
    await person.sign_in("Asha Rowntree")
    await person.reads(
        "Asha Rowntree, supplier",
        "Here it is 16 November 2026",
        "Returns Nothing to send. Next: November 2026, between 1 and 14 December 2026.",
        "November 2026 Community hub in Page Moss: building works KMBC-2026-0101 1 and 14 "
        "December 2026 Not yet",
        "You can fill in a return here, or send it by program.",
    )
    link = person.page.get_by_role("link", name="June 2026", exact=True)
    rows = person.page.get_by_role("row").filter(has_text="KMBC-2026-0101").filter(has=link)
    href = await rows.get_by_role("link").get_attribute("href")
    assert href is not None
    await person.open(person.sites["intake"] + href)
    await person.reads(
        "Return for June 2026",
        "5 of 6 lines count. 1 waits for the council; you need not do anything.",
        "£500.00 £0.00 Waits for the council",
        "Received, receipt 6",
    )
    await person.follow("Entry 41 of the record", ends="/entries/41")
    await person.reads("Entry 41", "Return received", "June 2026", "Receipt 6")


async def a_manager_sees_what_is_behind(person: Person) -> None:
    """£1,000 a day for 184 days, of which £150,000 counts: 34,000 of 365,000 is 9.3%. And 4 hours a
    day, of which 606 of 736 count: 130 of 1,460 is 8.9%, but a return is missing."""
    await person.sign_in("Priya Nair")
    await person.open(f"{person.sites['verification']}/contracts")
    await person.follow("Every promise, the worst first", ends="/promises")
    await person.reads(
        "1 promise is behind. 1 promise cannot be rated till a return comes or the council "
        "decides.",
        "Requires improvement £34,000 9.3% of the whole target None Open: the supplier is to be",
        "Other A return is missing. 130 hours 8.9% of the whole target 1 July 2026 None",
    )
    await a_list_is_narrowed_down(person)
    await person.follow("Community hub in Page Moss: building works")
    await person.reads(
        "1 of 3 promises is behind: Spend with firms in Knowsley, £34,000.",
        "Spend with firms in Knowsley: behind since June 2026",
    )


async def a_list_is_narrowed_down(person: Person) -> None:
    """By a form, which says what it does not understand; and back to all."""
    home = person.page.url
    await person.page.get_by_label("Returns missing").select_option("Yes")
    await person.follow("Filter", ends="?rating=&missing=true&case=&supplier=&contract=")
    await person.reads("3 promises match these filters: none is behind.")
    await person.page.get_by_label("Contract (reference)").fill("KMBC-2026-0199")
    async with person.page.expect_navigation():
        await person.page.keyboard.press("Enter")
    await person.reads("There is a problem You have no contract 'KMBC-2026-0199'.")
    if person.has_script:
        await person.ask_axe()
    person.complaints.clear()  # the browser's own word about 422
    await person.open(home)


async def a_manager_sees_what_is_overdue(person: Person) -> None:
    """July's return was due on 14 August; 31 August was a holiday."""
    await person.open(f"{person.sites['intake']}/")
    await person.reads(
        "Returns 1 return is overdue. Returns that are overdue",
        "July 2026 Parks and verges: grounds maintenance KMBC-2026-0104 Thistlewick Grounds "
        "(fictional) 1 and 14 August 2026 Overdue by 65 working days",
    )
    await person.follow("Next page")
    await person.reads("Returns Sent before")


async def whoever_signs_out_is_out(person: Person) -> None:
    """On every page."""
    home = f"{person.sites['intake']}/"
    await person.follow("Sign out", ends="/signed-out")
    answer = await person.page.goto(home)
    assert answer is not None
    assert 401 == answer.status
    await person.reads("Sign in to see this page")
    person.complaints.clear()  # the browser's own word about 401
