"""A contract manager's morning, in a real browser: what needs her, alerts, lines, contracts.

The journey is walked with script and without, and acknowledges other alerts each time.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.person import NEEDS_BROWSER, Person, at_the_desk, saved

pytestmark = NEEDS_BROWSER


class TestManagersWork:
    @pytest.mark.parametrize("has_script", [True, False])
    async def test_is_done(self, demo: dict[str, str], tmp_path: Path, has_script: bool) -> None:
        """With script and without."""
        async with at_the_desk(demo, has_script=has_script) as person:
            await what_lapses_first_stands_first(person)
            await alerts_are_acknowledged(person)
            await what_deciding_changes_is_said(person)
            await contracts_are_narrowed_down(person, tmp_path)


async def what_lapses_first_stands_first(person: Person) -> None:
    """The case opened on 3 July: five working days later was 10 July. September's rating waits for
    a line; it was due on 14 October."""
    await person.sign_in("Priya Nair")
    await person.reads(
        "Needs you",
        "Spend with firms in Knowsley: behind since June 2026",
        "10 July 2026 The notice was due. Notify the supplier",
        "1 line waits Return for September 2026 September 2026 cannot be rated till you decide.",
        "14 October 2026 The rating was due.",
    )


async def alerts_are_acknowledged(person: Person) -> None:
    """One by its button, one by its tick; then it is said who did it."""
    await person.follow("Alerts", ends="/alerts")
    await person.page.get_by_label("Acknowledged").select_option("No")
    await person.follow("Filter", ends="?kind=&acknowledged=false&contract=")
    rows = person.page.locator("tbody tr")
    before = await rows.count()
    one = await rows.first.get_by_role("link").inner_text()
    await person.follow("Acknowledge", ends="/alerts?acknowledged=false")
    tick = person.page.get_by_role("checkbox").first
    await tick.press("Space")
    assert await tick.is_checked()
    await person.follow("Acknowledge those ticked", ends="/alerts?acknowledged=false")
    assert before - 2 == await rows.count()
    await person.page.get_by_label("Acknowledged").select_option("Yes")
    await person.follow("Filter", ends="?kind=&acknowledged=true&contract=")
    said = await rows.filter(has_text=one).first.inner_text()
    assert "Acknowledged by Priya Nair, 16 November 2026" in " ".join(said.split())


async def what_deciding_changes_is_said(person: Person) -> None:
    """An invoice of £9,000 was claimed twice."""
    await person.follow("Queried lines", ends="/queried")
    await person.reads(
        "for the council",
        "INV-1042: This invoice was claimed before",
        "£9,000 September 2026: Other → Good 6 October 2026",
    )


async def contracts_are_narrowed_down(person: Person, folder: Path) -> None:
    """By what one knows of them; the same list is a file."""
    await person.follow("Contracts", ends="/contracts")
    await person.page.get_by_label("Reference or title").fill("hub in page moss")
    await person.page.get_by_label("Case open").select_option("Yes")
    await person.follow("Filter")
    await person.reads(
        "1 of 1 contract that matches is behind, with 1 promise.",
        "Requires improvement 1 of 3 promises Spend with firms in Knowsley: £34,000, 9.3% of the",
    )
    file = await saved(person.page, "CSV of this list", folder)
    heads, *rows = file.read_text("utf-8-sig").splitlines()
    assert heads.startswith("contract,contract title,suppliers")
    assert ["KMBC-2026-0101"] == [row.split(",")[0] for row in rows]
