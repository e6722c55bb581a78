"""Letters: text and HTML of the same words (rule L1)."""

from __future__ import annotations

import html
import re
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.notifier import letters
from shared.notifier.letters import Envelope, Item, Letter

DISPATCH = uuid.UUID("11111111-2222-3333-4444-555555555555")


def letter(**given: Any) -> Letter:
    item = Item(
        headline="Spend with firms in Knowsley is behind: Street lighting (Brackenfold)",
        sentences=("By 31 October 2026, £184,000 of £365,000 was due.", "Why: a < b & c."),
        to_do="Notify Brackenfold of the shortfall by 20 November 2026.",
        link="https://council.example/contracts/KMBC-2026-0117",
    )
    usual: dict[str, Any] = {
        "subject": item.headline,
        "items": (item,),
        "more": 0,
        "more_link": "https://council.example/alerts",
        "because": "you follow this contract for the council",
    }
    return Letter(**usual | given)


def envelope(**given: Any) -> Envelope:
    usual: dict[str, Any] = {
        "dispatch_id": DISPATCH,
        "from_": "social-value@knowsley.example",
        "name": "Knowsley",
        "to": "priya.nair@knowsley.example",
        "reply_to": "procurement@knowsley.example",
        "at": datetime(2026, 11, 3, 9, tzinfo=UTC),
        "choices_link": "https://council.example/me",
        "stop_link": "https://council.example/mail/stop?token=abc",
        "is_repeat": False,
    }
    return Envelope(**usual | given)


class TestMail:
    """A whole mail."""

    def test_says_who_sends_it_and_how_to_get_less(self) -> None:
        """A machine's mail, whose answers go to the council's mailbox."""
        made = letters.mail(letter(), envelope())
        wanted = {
            "From": "Knowsley <social-value@knowsley.example>",
            "To": "priya.nair@knowsley.example",
            "Reply-To": "procurement@knowsley.example",
            "Message-ID": f"<{DISPATCH}@knowsley.example>",
            "Auto-Submitted": "auto-generated",
            "List-Unsubscribe": "<https://council.example/mail/stop?token=abc>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Date": "Tue, 03 Nov 2026 09:00:00 +0000",
        }
        assert wanted == {name: str(made[name]) for name in wanted}

    def test_has_no_link_to_stop_what_may_not_be_stopped(self) -> None:
        """Neither in its head nor in its words."""
        made = letters.mail(letter(), envelope(stop_link=None))
        assert made["List-Unsubscribe"] is None
        assert "Stop these mails" not in made.as_string()

    def test_has_the_same_words_as_text_and_as_html(self) -> None:
        """Every word of the text but addresses is in the HTML."""
        made = letters.mail(letter(), envelope())
        plain = made.get_body(("plain",))
        rich = made.get_body(("html",))
        assert plain is not None
        assert rich is not None
        shown = html.unescape(re.sub(r"<[^>]+>", " ", rich.get_content()))
        said = re.sub(r"https?://\S+|^--$", "", plain.get_content(), flags=re.MULTILINE)
        words = [each.strip(":") for each in said.split()]
        assert [] == [each for each in words if each not in shown]

    def test_marks_a_repeat(self) -> None:
        """By a header and a sentence; its Message-ID is the same."""
        made = letters.mail(letter(), envelope(is_repeat=True))
        assert "yes" == made["X-Makegood-Repeat"]
        assert f"<{DISPATCH}@knowsley.example>" == made["Message-ID"]
        assert letters.text(letter(), envelope(is_repeat=True)).startswith(letters.REPEAT)

    @pytest.mark.parametrize("subject", ["one\nBcc: all@knowsley.example", "a\r\nb", " a  b "])
    def test_keeps_its_subject_on_one_line(self, subject: str) -> None:
        """Nobody puts a header in by a name."""
        made = letters.mail(letter(subject=subject), envelope())
        assert made["Bcc"] is None
        assert " ".join(subject.split()) == str(made["Subject"])

    def test_cuts_a_long_subject(self) -> None:
        """150 characters, the last of them dots."""
        made = letters.subject(letter(subject="x" * 400))
        assert ("x" * 149 + "…") == made

    def test_says_how_many_more_there_are(self) -> None:
        """With the page that lists them."""
        found = letters.text(letter(more=4980), envelope())
        assert "And 4,980 more.\nhttps://council.example/alerts" in found
