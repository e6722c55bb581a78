"""What people are told, in a real browser: a contract manager chooses, an operator looks at what
was sent. With script and without."""

from __future__ import annotations

import pytest

from tests.browser.person import NEEDS_BROWSER, Person, at_the_desk

pytestmark = NEEDS_BROWSER


class TestTold:
    @pytest.mark.parametrize("has_script", [True, False])
    async def test_is_chosen(self, demo: dict[str, str], has_script: bool) -> None:
        """From the header of any page."""
        async with at_the_desk(demo, has_script=has_script) as person:
            await person.sign_in("Priya Nair")
            await a_choice_is_saved(person, "Never" if has_script else "Once a day at 8:00")

    @pytest.mark.parametrize("has_script", [True, False])
    async def test_is_looked_after(self, demo: dict[str, str], has_script: bool) -> None:
        """By the operator, on the sites of both."""
        async with at_the_desk(demo, has_script=has_script) as person:
            await person.sign_in("Lena Quist")
            await what_was_sent_is_listed(person)


async def a_choice_is_saved(person: Person, how: str) -> None:
    """It is still there when the page opens again."""
    await person.follow("What you are told", ends="/me")
    await person.reads(
        "Mails go to",
        "An alert was not acknowledged in time: always at once. It cannot be stopped.",
    )
    group = person.page.get_by_role("group", name="A promise is back on course")
    await group.get_by_label(how).check()
    await person.follow("Save", ends="/me?saved=true")
    await person.reads("Your choices are saved.")
    await person.follow("What you are told", ends="/me")
    group = person.page.get_by_role("group", name="A promise is back on course")
    assert await group.get_by_label(how).is_checked()


async def what_was_sent_is_listed(person: Person) -> None:
    """That to officers first; a filter that leaves nothing says so."""
    assert person.page.url.endswith("/notifications")
    await person.reads("What was sent")
    await person.page.get_by_label("To (account)").fill("nobody")
    await person.follow("Filter", ends="?state=&recipient=nobody")
    await person.reads("Nothing matches these filters.")
    await person.follow("Sent to suppliers", ends="/notifications")
    await person.reads("What was sent")
