"""The page that checks a draft before it is sent: figures, faults, warnings, the declaration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from services.intake.domain import drafts, due, faults
from services.intake.drafts import months
from services.intake.pages import check, meanwhile
from shared.pages.parts import Fault
from tests.support import intake_builders as build
from tests.unit.pages import drawing

PLACE: Final = drafts.Place(build.AUTHORITY, build.PARTY, build.CONTRACT, "2026-10")
AT: Final = f"/drafts/{build.CONTRACT}/2026-10"
TYPED: Final = check.Typed("Wen Harper")
SIGNED: Final = check.Typed("Wen Harper", "director", "", tuple(check.STATEMENTS))
EVIDENCE: Final = [{"reference": "folder 3", "sha256": "ab" * 32}]
SENT: Final = due.Sent(
    return_id=UUID(int=7),
    receipt_no=24,
    revision=1,
    received_at=datetime(2026, 11, 5, 9, tzinfo=UTC),
    filled_at=datetime(2026, 11, 5, 9, tzinfo=UTC),
)


def a_month(
    *lines: Mapping[str, Any], answers: Mapping[str, drafts.Answer] | None = None, **changes: Any
) -> months.Month:
    """October, with a draft of these lines; every promise is answered."""
    published = build.a_contract_published()
    context = build.a_context()
    assert context.contract is not None
    in_force = drafts.promises(published)
    named = {line["commitment_id"] for line in lines}
    said: dict[str, drafts.Answer] = {
        each: "finished" if each in named else "nothing" for each in in_force
    }
    content = drafts.begin(build.CONTRACT, "2026-10", 1)
    content = drafts.settle(
        drafts.add_lines(content, lines)._replace(answers=said if answers is None else answers),
        in_force,
    )
    draft = drafts.Draft(
        place=PLACE,
        key=UUID(int=5),
        content=content,
        version=3,
        saved_by="Tom Feller",
        saved_at=datetime(2026, 11, 5, 9, 14, tzinfo=UTC),
        gone_on=date(2027, 1, 12),
    )
    facts: dict[str, Any] = {
        "place": PLACE,
        "contract": context.contract,
        "promises": in_force,
        "asked": None,
        "sent": None,
        "draft": draft,
        "today": build.TODAY,
    }
    return months.Month(**(facts | changes))


def shown(
    month: months.Month, *before: Mapping[str, Any], typed: check.Typed = TYPED
) -> check.Page:
    content = month.content
    checked = months.check_now(month, content, content.body)
    return check.show(month, checked, before, typed)


def cells(page: check.Page) -> dict[str, list[str]]:
    """The figures, by promise."""
    return {row[0].text: [cell.text for cell in row[1:4]] for row in page.promises.rows}


SPEND: Final = build.a_line(build.SPEND, evidence=EVIDENCE)
VISIT: Final = build.a_line(build.VISIT, evidence=EVIDENCE)


class TestFigures:
    def test_stand_beside_last_months(self) -> None:
        """Two amounts, of which half of one is for this contract: 18,250 and 1,000 x 0.50."""
        half = build.a_line(
            build.SPEND, quantity="1000.00", attribution="0.50", invoice__number="INV-9"
        )
        page = shown(a_month(SPEND, half), {**SPEND, "quantity": "20000.00"}, VISIT)
        found = cells(page)
        assert ["2", "£18,750", "£20,000"] == found["Spend in the local area"]
        assert ["0", "nothing", "1 visit"] == found["School visits"]
        assert f"{AT}/promises/schools" in [row[4].href for row in page.promises.rows]
        assert ("Lines", "October 2026", "September 2026") == tuple(
            head.text for head in page.promises.heads[1:4]
        )


class TestFaults:
    def test_lead_to_the_field(self) -> None:
        """In words, with the promise and the line; and there is nothing to send yet."""
        page = shown(a_month(build.a_line(SPEND, unit="visits"), VISIT))
        assert page.title.startswith("Error: Check your return for October 2026")
        (fault,) = page.faults
        assert f"{AT}/promises/local-spend/lines/1#unit" == fault.name
        assert fault.text.startswith("Spend in the local area, line 1: Unit: ")
        assert () == page.form
        drawn = drawing.html("intake", "check.html", page)
        assert f'href="/supplier{AT}/promises/local-spend/lines/1#unit"' in drawn
        assert "Send return" not in drawn

    def test_name_promises_that_are_not_finished(self) -> None:
        """Not started, or in progress: three of four."""
        month = a_month(SPEND, answers={"local-spend": "in_progress", "schools": "nothing"})
        texts = [each.text for each in shown(month).faults]
        assert [
            "Apprentices started: this is not finished.",
            "Spend in the local area: this is not finished.",
            "Participant hours: duration times attendees: this is not finished.",
        ] == texts

    def test_are_cut_and_counted(self) -> None:
        """Of 60, fifty and how many more."""
        lines = [build.a_line(VISIT, unit="hours") for _ in range(60)]
        found = shown(a_month(*lines)).faults
        assert 51 == len(found)
        assert Fault(AT, "And 10 more.") == found[-1]


class TestWarnings:
    @pytest.mark.parametrize(("amount", "is_odd"), [("200000.00", False), ("200000.01", True)])
    def test_tell_of_a_figure_ten_times_last_months(self, amount: str, is_odd: bool) -> None:
        """More than ten times £20,000; exactly ten times is not."""
        line = build.a_line(SPEND, quantity=amount, invoice__net_total=amount)
        page = shown(a_month(line), {**SPEND, "quantity": "20000.00"})
        odd = [each for each in page.warnings if "more than 10 times" in each]
        expected = (
            "Spend in the local area: £200,000.01 is more than 10 times September 2026’s £20,000."
        )
        assert ([expected] if is_odd else []) == odd

    def test_say_once_that_there_is_nothing(self) -> None:
        page = shown(a_month())
        assert ("You report that nothing was delivered in October 2026.",) == page.warnings
        assert page.form

    def test_tell_of_what_is_missing(self) -> None:
        """Promises without lines, and lines without evidence. They stop nothing."""
        page = shown(a_month(build.SPEND, VISIT))
        assert (
            "Apprentices started: you report nothing this month.",
            "Spend in the local area: 1 line has no evidence.",
            "Participant hours: duration times attendees: you report nothing this month.",
        ) == page.warnings
        assert () == page.faults
        assert page.form


class TestForm:
    def test_asks_for_the_declaration(self) -> None:
        """And carries along which draft it is of; the name is filled in."""
        page = shown(a_month(SPEND))
        assert check.Hidden(str(UUID(int=5)), 3, 1) == page.hidden
        assert ["statements", "name", "role"] == [field.name for field in page.form]
        drawn = drawing.html("intake", "check.html", page)
        assert 'value="Wen Harper"' in drawn
        assert "You may want to look" in drawn

    def test_of_a_correction_asks_why(self) -> None:
        """What it takes the place of stands above."""
        page = shown(a_month(SPEND, sent=SENT))
        assert ["reason", "statements", "name", "role"] == [field.name for field in page.form]
        assert 2 == page.hidden.revision
        assert "This will take the place of receipt 24, received 5 November 2026, 09:00." in (
            page.sentences
        )

    @pytest.mark.parametrize(
        ("typed", "is_again", "expected"),
        [
            (SIGNED, False, set()),
            (SIGNED, True, {"reason"}),
            (SIGNED._replace(reason="A line was wrong"), True, set()),
            (SIGNED._replace(statements=("answers_a_commitment",)), False, {"statements"}),
            (SIGNED._replace(statements=("answers_a_commitment", "x")), False, {"statements"}),
            (SIGNED._replace(name=" ", role=""), False, {"name", "role"}),
        ],
    )
    def test_needs_both_statements_name_and_role(
        self, typed: check.Typed, is_again: bool, expected: set[str]
    ) -> None:
        """Rule I11; and a reason if the month is reported again (rule I3)."""
        assert expected == check.check(typed, is_again=is_again).keys()

    def test_comes_back_filled_with_what_is_wrong(self) -> None:
        month = a_month(SPEND)
        typed = check.Typed("Wen <Harper>", "", "", ("answers_a_commitment",))
        page = check.show_again(month, shown(month), typed, "", check.check(typed, is_again=False))
        drawn = drawing.html("intake", "check.html", page)
        assert 'value="Wen &lt;Harper&gt;"' in drawn
        assert 'href="#statements"' in drawn
        assert 2 == drawn.count("Give your role.")
        assert ["statements", "role"] == [fault.name for fault in page.faults]
        assert 1 == len(page.title.split("Error: ")) - 1

    def test_tells_why_it_was_not_sent(self) -> None:
        """In the words of people."""
        fault = faults.Fault("/lines/0/commitment_id", "x", "I4", "It is gone", "Choose another.")
        why = check.refused([fault])
        assert (
            "It was not accepted. Promise: it is gone. Choose another. Your draft is kept." == why
        )
        month = a_month(SPEND)
        again = check.show_again(month, shown(month), SIGNED, why, {})
        assert why in drawing.html("intake", "check.html", again)


class TestWhatIsSent:
    def test_is_the_draft_with_the_declaration(self) -> None:
        """Without faults, as a first return; the same again has the same bytes."""
        month = a_month(SPEND)
        made = [drafts.declare(month.content, 1, "", check.declaration(SIGNED)) for _ in range(2)]
        assert made[0].body == made[1].body
        assert () == months.check_now(month, made[0], made[0].body).faults
        assert "reason" not in made[0].document

    def test_has_a_reason_as_a_later_revision(self) -> None:
        month = a_month(SPEND, sent=SENT)
        sent = drafts.declare(month.content, 2, " A line was wrong ", check.declaration(SIGNED))
        assert (2, "A line was wrong") == (sent.document["revision"], sent.document["reason"])
        assert () == months.check_now(month, sent, sent.body).faults


class TestMeanwhile:
    def test_shows_what_was_sent_and_keeps_the_draft(self) -> None:
        page = meanwhile.show(a_month(SPEND), SENT)
        assert "A return for October 2026 was sent meanwhile" == page.title
        assert (
            "Receipt 24, revision 1, was received 5 November 2026, 09:00.",
            "Yours was not sent. Your draft is kept.",
        ) == page.sentences
        drawn = drawing.html("intake", "meanwhile.html", page)
        assert f'href="/supplier/returns/{UUID(int=7)}"' in drawn
        assert f'href="/supplier{AT}/check"' in drawn
