"""A supplier at its desk, by keyboard alone: it sends an overdue return, keeps the receipt,
corrects the return, and withdraws it.

It writes to July 2026 of KMBC-2026-0104, which is missing in the demo. What others say of that
month they say before this module, which comes later by its name.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Final

import pytest

from services.intake.domain import receipts
from tests.browser.person import NEEDS_BROWSER, TABS_MAX, Person, at_the_desk
from tests.support import waiting

pytestmark = NEEDS_BROWSER

MONTH: Final = "/drafts/KMBC-2026-0104/2026-07"
LABELLED: Final = """() => {
  const at = document.activeElement;
  return [...(at.labels ?? [])].map(each => each.innerText.trim());
}"""


class TestSuppliersDesk:
    @pytest.mark.parametrize("has_script", [True, False])
    async def test_sends_corrects_and_withdraws(
        self, demo: dict[str, str], tmp_path: Path, has_script: bool
    ) -> None:
        """With script, and again without: then the month was withdrawn before, and the first
        return of the journey needs a reason."""
        async with at_the_desk(demo, has_script=has_script) as person:
            await person.sign_in("Wen Harper")
            if has_script:
                await person.reads("1 return is overdue.", "Overdue by 65 working days")
            await sends_nothing(person, is_again=not has_script)
            await keeps_the_receipt(person, tmp_path)
            await corrects_it(person)
            await withdraws_it(person)


async def sends_nothing(person: Person, *, is_again: bool) -> None:
    """Nothing was delivered in July: the return says so, and has a receipt."""
    await person.follow(MONTH)
    await person.follow("Nothing to report")
    await person.follow("Nothing to report")
    await person.follow("Check and send")
    await person.reads(
        "before you send it",
        "June 2026",
        "You report that nothing was delivered in July 2026.",
    )
    if is_again:
        await write(person, "Why do you report this month again?", "It was a wrong month.")
    await declare(person)
    await person.follow("Send return")
    await person.reads("Return received", "Receipt number", "What happens next")


async def declare(person: Person) -> None:
    """Both statements, name and role; the name is there."""
    await press(person, "The figures are of this contract and this month only", "Space")
    await press(person, "Each line answers a promise of this contract", "Space")
    await write(person, "Your role", "contract director")


async def keeps_the_receipt(person: Person, folder: Path) -> None:
    """A file that can be checked alone: signature, and the digest of what was sent."""
    page = person.page
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Save receipt and return").press("Enter")
    file = await download.value
    await file.save_as(folder / file.suggested_filename)
    saved = json.loads((folder / file.suggested_filename).read_text())
    issued = receipts.verify(saved, base64.b64decode(saved["public_key"]))
    assert hashlib.sha256(saved["sent"].encode()).digest() == issued.receipt.sha256
    assert "2026-07" == issued.receipt.period


async def corrects_it(person: Person) -> None:
    """The volunteers' hours were forgotten: one line of 6 hours, which then counts."""
    await person.follow("See what counts")
    await person.reads("Nothing was delivered in this month, as this return says.")
    await person.follow("Correct")
    await write(person, "Why do you correct it?", "The hours of July were forgotten.")
    await person.follow("Start the correction", ends=MONTH)
    await person.reads("Return for July 2026", "it replaces the one before.")
    await person.follow(f"{MONTH}/promises/volunteering")
    await person.follow("Add a line")
    await write(person, "Date, or first day", "14 July 2026")
    await write(person, "How many hours", "6")
    await write(person, "Your number for the person", "VOL-7")
    await person.follow("Save")
    await finish(person)
    await person.follow("Save", ends=MONTH)
    await person.follow("Check and send")
    await person.reads("This will take the place of receipt", "6 hours", "has no evidence")
    await declare(person)
    await person.follow("Send return")
    await person.follow("See what counts")

    async def is_checked() -> bool:
        await person.page.reload()
        return "The line counts." in await person.page.locator("main").inner_text()

    await waiting.until_true(is_checked)
    await person.look()
    await person.reads("on this page", "Why it was sent again The hours of July were forgotten.")


async def withdraws_it(person: Person) -> None:
    """It stops counting, and a new one is in time for ten working days: until 30 November."""
    at = person.page.url
    await person.follow("Withdraw")
    await person.reads("What stops counting", "6 hours", "in time until 30 November 2026.")
    await write(person, "Why do you withdraw it?", "It was a wrong month.")
    await person.follow("Withdraw return")
    await person.reads(
        "Withdrawal received",
        "Send a new return for July 2026 By 30 November 2026 it is in time",
    )
    await person.follow("See the return")
    assert at.split("?")[0] == person.page.url
    await person.reads("This return was withdrawn. Nothing of it counts.")


# --- by keyboard ---------------------------------------------------------------------------------


async def finish(person: Person) -> None:
    """Tab leads to the answer that is chosen, the arrows to the one that says that this is all."""
    await press(person, "I’ll come back", "Space")
    finished = person.page.locator("[name=answer][value=finished]")
    while not await finished.is_checked():
        await person.page.keyboard.press("ArrowDown")


async def write(person: Person, label: str, text: str) -> None:
    """Goes to the field of this label, and types over what is there."""
    await press(person, label, "Control+a")
    await person.page.keyboard.type(text)


async def press(person: Person, label: str, key: str) -> None:
    """Goes to the field of this label with Tab, and presses a key."""
    for _ in range(TABS_MAX):
        await person.page.keyboard.press("Tab")
        if label in await person.page.evaluate(LABELLED):
            await person.page.keyboard.press(key)
            return
    pytest.fail(f"the keyboard does not reach {label!r} on {person.page.url}")
