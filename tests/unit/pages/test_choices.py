"""What somebody is told, as a form (rule L3)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.notifier import kinds
from shared.notifier.recipients import Recipient
from shared.pages import choices
from tests.unit.pages import drawing

SAID = choices.Said("Ask the help desk.", 8)
ALL: dict[str, str] = {"return_due": "daily", "return_checked": "never", "duplicate_claim": "daily"}


def asha(**changes: Any) -> Recipient:
    values: dict[str, Any] = {
        "recipient_id": "asha@GB-COH-1",
        "authority_id": "GB-LAE-KWL",
        "party_id": "GB-COH-1",
        "address": "asha@brackenfold.example",
    }
    return Recipient(**(values | changes))


def checked(page: choices.Page) -> list[str]:
    """The radio buttons that are on, in the order of the page."""
    drawn = drawing.html("intake", "choices.html", page)
    inputs = re.findall(r'<input [^>]*type="radio"[^>]*>', drawn)
    on = [each for each in inputs if " checked" in each]
    return [re.findall(r'name="([^"]+)"', each)[0] + " " + _value(each) for each in on]


def _value(tag: str) -> str:
    return tag.partition('value="')[2].partition('"')[0]


class TestPage:
    def test_says_where_mails_go_and_whom_to_ask(self) -> None:
        page = choices.show(asha(), kinds.SUPPLIER, SAID)
        assert (
            "Mails go to asha@brackenfold.example.",
            "Is the address wrong? Ask the help desk.",
        ) == page.sentences

    def test_without_an_address_has_no_form(self) -> None:
        page = choices.show(None, kinds.SUPPLIER, SAID)
        assert (
            "No address is known, so nothing can be sent to you. Ask the help desk.",
        ) == page.sentences
        assert 'action="/supplier/me"' not in drawing.html("intake", "choices.html", page)

    def test_says_that_mails_are_switched_off(self) -> None:
        first, _ = choices.show(asha(is_on=False), kinds.SUPPLIER, SAID).sentences
        assert (
            "Mails to asha@brackenfold.example are switched off: nothing is sent to you." == first
        )

    def test_has_what_was_chosen_and_else_what_is_usual(self) -> None:
        """Of a return that is due the usual is at once, of a claim once a day."""
        page = choices.show(asha(choices={"return_checked": "never"}), kinds.SUPPLIER, SAID)
        assert [
            "return_due at_once",
            "return_checked never",
            "duplicate_claim daily",
        ] == checked(page)

    def test_offers_no_choice_of_what_may_not_be_stopped(self) -> None:
        page = choices.show(asha(), kinds.SUPPLIER, SAID)
        drawn = drawing.html("intake", "choices.html", page)
        assert 'name="return_overdue"' not in drawn
        said = "A return is overdue : always at once. It cannot be stopped."
        assert said in drawing.text(drawn)

    def test_says_that_it_was_saved(self) -> None:
        page = choices.show(asha(), kinds.SUPPLIER, SAID, is_saved=True)
        assert choices.SAVED in drawing.html("intake", "choices.html", page)


class TestForm:
    def test_with_a_fault_leads_to_its_field_and_keeps_the_others(self) -> None:
        page = choices.show(asha(), kinds.SUPPLIER, SAID, ALL | {"return_due": "hourly"})
        drawn = drawing.html("intake", "choices.html", page)
        assert "Error: What you are told" == page.title
        assert 'href="#return_due">Choose how you are told: a return is due soon.</a>' in drawn
        assert 'id="return_due"' in drawn
        assert ["return_checked never", "duplicate_claim daily"] == checked(page)

    @pytest.mark.parametrize("left_out", ALL)
    def test_asks_for_each_kind(self, left_out: str) -> None:
        sent = {name: value for name, value in ALL.items() if name != left_out}
        assert [left_out] == [each.name for each in choices.check(sent, kinds.SUPPLIER)]

    def test_takes_nothing_else(self) -> None:
        """Neither what may not be stopped nor what is no kind."""
        sent = ALL | {"return_overdue": "never", "other": "never"}
        assert () == choices.check(sent, kinds.SUPPLIER)
        assert choices.read(sent, kinds.SUPPLIER) == ALL
