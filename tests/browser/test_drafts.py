"""A supplier fills in a month's return with the keyboard alone, in a real browser: the first half
of sending it. With script and without. At the end the draft is deleted, and all is as it was."""

from __future__ import annotations

from typing import Final

import pytest

from tests.browser.person import FOCUSED, NEEDS_BROWSER, TABS_MAX, Person, at_the_desk

pytestmark = NEEDS_BROWSER
JULY: Final = "/drafts/KMBC-2026-0104/2026-07"
TRAINING: Final = f"{JULY}/promises/training-hours"
NAME_OF_FOCUSED: Final = "() => document.activeElement?.name ?? null"


class TestAReturn:
    @pytest.mark.parametrize("has_script", [True, False])
    async def test_is_filled_in_with_the_keyboard(
        self, demo: dict[str, str], has_script: bool
    ) -> None:
        """July's, which is overdue."""
        async with at_the_desk(demo, has_script=has_script) as person:
            await person.sign_in("Wen Harper")
            await person.reads("1 return is overdue.", "July 2026", "Overdue by 65 working days")
            await person.follow(JULY, ends=JULY)
            await person.reads(
                "Return for July 2026 It was due on 14 August 2026. Send it as soon as you can.",
                "Nothing is saved yet.",
                "Check and send 3 promises to finish first Cannot start yet",
            )
            await a_line_is_mended_and_saved(person)
            await a_promise_is_answered(person, "training-hours", "finished")
            for name in ("volunteering", "pocket-parks"):
                await a_promise_is_answered(person, name, "nothing")
            await person.reads("1 line, 120 hours Completed", "Nothing this month", "Saved 16")
            assert 1 == await person.page.locator(f'a[href$="{JULY}/check"]').count()
            await the_draft_is_deleted(person)


async def a_line_is_mended_and_saved(person: Person) -> None:
    """3 hours for 40 people are 120. The day was in June at first: the form comes back as it was
    typed, and asks why it is late."""
    await person.follow(TRAINING, ends=TRAINING)
    await person.reads("No line yet for July 2026. Counted in hours.")
    await person.follow(f"{TRAINING}/lines/new", ends="/lines/new")
    await write(person, "from", "14/6/2026")
    await write(person, "session-start", "10am")
    await write(person, "session-hours", "3")
    await write(person, "session-attendees", "40")
    await press(person, "Save")
    await person.reads(
        "There is a problem Date: this is before July 2026, the month of this return.",
        "Why is it late?",
    )
    assert "Error: Add a line" in await person.page.title()
    if person.has_script:
        await person.ask_axe()
    person.complaints.clear()  # the browser's own word about 422
    await write(person, "from", "14/7/2026")
    await person.follow("Save", ends=TRAINING)
    await person.reads("1 line: 120 hours.", "14 July 2026")


async def a_promise_is_answered(person: Person, name: str, answer: str) -> None:
    """By a radio button: Tab leads into the group, the arrows through it."""
    path = f"{JULY}/promises/{name}"
    if not person.page.url.endswith(path):
        await person.follow(path, ends=path)
    await reach(person, "answer")
    await person.page.keyboard.press("Space")
    chosen = person.page.locator("[name=answer]:checked")
    while await chosen.get_attribute("value") != answer:
        await person.page.keyboard.press("ArrowDown")
    await person.follow("Save", ends=JULY)


async def the_draft_is_deleted(person: Person) -> None:
    """Asked first; then July can be started again."""
    await person.follow("Delete draft", ends="/delete")
    await person.reads("Delete this draft? It has 1 line.")
    await person.follow("Delete draft", ends="/")
    await person.reads("Overdue by 65 working days Start")


async def reach(person: Person, name: str) -> None:
    """Goes to the field of this name with Tab."""
    for _ in range(TABS_MAX):
        await person.page.keyboard.press("Tab")
        if name == await person.page.evaluate(NAME_OF_FOCUSED):
            return
    pytest.fail(f"the keyboard does not reach {name!r} on {person.page.url}")


async def write(person: Person, name: str, text: str) -> None:
    """In place of what stands in the field."""
    await reach(person, name)
    await person.page.keyboard.press("ControlOrMeta+a")
    await person.page.keyboard.type(text)


async def press(person: Person, name: str) -> None:
    """A button whose form comes back."""
    for _ in range(TABS_MAX):
        await person.page.keyboard.press("Tab")
        at = await person.page.evaluate(FOCUSED)
        if at is not None and name in at["names"]:
            break
    async with person.page.expect_navigation():
        await person.page.keyboard.press("Enter")
