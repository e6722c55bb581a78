"""Drafts: what a change makes of one, how far each promise is, and until when one is kept."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import pytest

from services.intake.domain import drafts, returns, submission
from shared import catalogue
from tests.support import intake_builders as build

PLACE: Final = drafts.Place(build.AUTHORITY, build.PARTY, build.CONTRACT, "2026-10")
PROMISES: Final = drafts.promises(build.a_contract_published())
SAVED_AT: Final = datetime(2026, 11, 5, 9, 14, tzinfo=UTC)


def a_content(*lines: Any, **answers: drafts.Answer) -> drafts.Content:
    begun = drafts.begin(build.CONTRACT, "2026-10", 1)
    return drafts.Content({**begun.document, "lines": [dict(line) for line in lines]}, answers)


def a_draft(gone_on: date) -> drafts.Draft:
    return drafts.Draft(
        place=PLACE,
        key=UUID(int=1),
        content=a_content(),
        version=3,
        saved_by="Asha Rowntree",
        saved_at=SAVED_AT,
        gone_on=gone_on,
    )


def statuses(content: drafts.Content) -> dict[str, drafts.Status]:
    """How far each promise is, as the rules find it."""
    found = returns.check(submission.read(content.body), build.a_context())
    return {each.commitment_id: each.status for each in drafts.tasks(content, PROMISES, found)}


class TestAContent:
    def test_that_is_begun_is_a_return_with_nothing_yet(self) -> None:
        """Of the contract and month, as their next revision; it is not a nil return."""
        content = drafts.settle(drafts.begin("C1", "2026-10", 2), PROMISES)
        wanted = {
            "contract_id": "C1",
            "period": "2026-10",
            "revision": 2,
            "lines": [],
            "nil": False,
        }
        assert wanted == content.document
        assert wanted == json.loads(content.body)

    def test_numbers_the_lines_that_are_added(self) -> None:
        """From the highest number on; ids that are no numbers do not count, and what a line was
        numbered elsewhere is left behind."""
        content = a_content(build.a_line(line_id="7"), build.a_line(line_id="B-9"))
        added = drafts.add_lines(content, [build.a_line(line_id="1"), build.VISIT])
        assert ["7", "B-9", "8", "9"] == [line["line_id"] for line in added.lines]
        assert ["7", "B-9"] == [line["line_id"] for line in content.lines]

    def test_that_gets_a_line_is_no_longer_nothing(self) -> None:
        """Only of the promise that gets it; one that is finished stays so."""
        content = a_content(schools="nothing", training="nothing", apprentices="finished")
        added = drafts.add_lines(content, [build.VISIT, build.APPRENTICE])
        said = {"schools": "in_progress", "training": "nothing", "apprentices": "finished"}
        assert said == added.answers

    def test_that_loses_its_last_line_is_asked_again(self) -> None:
        """What was finished with two lines stays finished with one."""
        content = a_content(build.VISIT, build.VISIT, build.SPEND, schools="finished")
        one = drafts.drop_line(content, 0)
        none = drafts.drop_line(one, 0)
        assert ({"schools": "finished"}, {}) == (one.answers, none.answers)
        assert ["local-spend"] == [line["commitment_id"] for line in none.lines]

    def test_can_have_a_line_replaced(self) -> None:
        content = drafts.put_line(a_content(build.VISIT, build.SPEND), 1, build.TRAINING)
        assert ["schools", "training"] == [line["commitment_id"] for line in content.lines]

    def test_is_nil_when_there_is_nothing_of_every_promise(self) -> None:
        """One that is not answered, or a line, makes it no nil return; so does a contract without
        promises."""
        cleared = drafts.clear(a_content(build.VISIT), PROMISES)
        assert drafts.settle(cleared, PROMISES).document["nil"] is True
        asked_again = cleared._replace(answers={**cleared.answers, "schools": "in_progress"})
        for other in (asked_again, drafts.add_lines(cleared, [build.SPEND])):
            assert drafts.settle(other, PROMISES).document["nil"] is False
        assert drafts.settle(a_content(), {}).document["nil"] is False

    def test_of_a_return_is_answered_by_its_lines(self) -> None:
        """The declaration is made anew; everything else is kept."""
        sent = build.a_return(build.VISIT, revision=2, reason="A visit was left out")
        content = drafts.fill(sent, PROMISES)
        assert {k: v for k, v in sent.items() if k != "declaration"} == content.document
        assert {
            "apprentices": "nothing",
            "local-spend": "nothing",
            "schools": "finished",
            "training": "nothing",
        } == content.answers

    def test_loses_a_field_that_is_emptied(self) -> None:
        content = drafts.put(a_content(), "invoiced_to_date", "182340.00")
        assert "182340.00" == content.document["invoiced_to_date"]
        assert "invoiced_to_date" not in drafts.put(content, "invoiced_to_date", None).document


class TestTask:
    @pytest.mark.parametrize(
        ("content", "status"),
        [
            (a_content(), "not_started"),
            (a_content(schools="in_progress"), "in_progress"),
            (a_content(schools="nothing"), "nothing"),
            (a_content(schools="finished"), "in_progress"),  # there is nothing to be finished
            (a_content(build.VISIT), "in_progress"),
            (a_content(build.VISIT, schools="in_progress"), "in_progress"),
            (a_content(build.VISIT, schools="nothing"), "in_progress"),  # a line says otherwise
            (a_content(build.VISIT, schools="finished"), "completed"),
            (a_content(build.a_line(build.VISIT, unit="hours"), schools="finished"), "problem"),
        ],
    )
    def test_has_one_of_five_statuses(self, content: drafts.Content, status: drafts.Status) -> None:
        """By its answer, its lines and their faults."""
        assert status == statuses(content)["schools"]

    def test_is_there_for_each_promise_in_force(self) -> None:
        """In the contract's order; a commitment that is not in force only if it has lines."""
        line = build.a_line(build.VISIT, commitment_id="old")
        found = statuses(a_content(line, build.SPEND))
        assert ["apprentices", "local-spend", "schools", "training", "old"] == list(found)
        assert "problem" == found["old"]

    def test_has_the_faults_of_its_own_lines(self) -> None:
        """By their place in the return."""
        content = a_content(build.SPEND, build.VISIT, build.a_line(build.SPEND, quantity=None))
        found = returns.check(submission.read(content.body), build.a_context())
        spend = drafts.tasks(content, {"local-spend": None}, found)[0]
        assert (0, 2) == spend.indexes
        assert ["/lines/2/line_id", "/lines/2/quantity"] == [each.pointer for each in spend.faults]

    @pytest.mark.parametrize(
        ("pointer", "index"),
        [("/lines/0/from", 0), ("/lines/12/person/ref", 12), ("/lines", None), ("", None)],
    )
    def test_takes_a_fault_by_its_pointer(self, pointer: str, index: int | None) -> None:
        assert index == drafts.line_of(pointer)

    def test_is_of_what_is_active(self) -> None:
        """Drafts and closed commitments are not asked about."""
        published = build.a_contract_published()
        first, *rest = published.commitments
        closed = type(first)(
            commitment_id="apprentices",
            measure=first.measure,
            kind="post",
            unit="FTE",
            state="closed",
        )
        in_force = drafts.promises(build.a_contract_published(commitments=(closed, *rest)))
        assert ["local-spend", "schools", "training"] == list(in_force)
        assert catalogue.by_code["school-visits"] == in_force["schools"]


class TestADraft:
    def test_is_kept_for_sixty_days(self) -> None:
        """October's is due on 13 November, and 60 days later is 12 January; one that is saved on 5
        December stays until 3 February."""
        assert date(2027, 1, 12) == drafts.gone_on(date(2026, 11, 13))
        begun = a_draft(date(2027, 1, 12))
        early = drafts.save(begun, a_content(), "Tom Feller", SAVED_AT)
        assert (4, "Tom Feller", SAVED_AT) == (early.version, early.saved_by, early.saved_at)
        assert date(2027, 1, 12) == early.gone_on
        late = drafts.save(begun, a_content(), "Tom Feller", datetime(2026, 12, 5, tzinfo=UTC))
        assert date(2027, 2, 3) == late.gone_on
        assert begun.key == late.key

    def test_is_marked_by_what_it_says(self) -> None:
        """The order of an object's fields says nothing."""
        assert drafts.mark({"a": 1, "b": 2}) == drafts.mark({"b": 2, "a": 1})
        assert drafts.mark({"a": 1}) != drafts.mark({"a": "1"})
        assert drafts.mark(None) != drafts.mark("")
