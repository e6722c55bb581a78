"""The figures that entries state: what they were before, and what led to them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from services.ledger.domain.entries import facts, figures, leaves
from shared.wire import events, ids
from tests.support import ledger_service as build

RETURN = build.received(1)


def leaf(event: facts.Recorded) -> leaves.Leaf:
    return leaves.Leaf(
        type=event.type,
        event_id=event.event_id,
        caused_by=event.caused_by,
        facts=facts.of(event),
        rule_set=getattr(event, "rule_set", None),
        source=leaves.Source("t", 1, 0, 0),
        occurred_at=event.occurred_at,
        payload="ab" * 32,
        contract_id="C1",
        contract_seq=1,
    )


def cause(event: facts.Recorded, **said: Any) -> figures.Cause:
    made = msgspec.structs.replace(leaf(event), **said)
    return figures.cause(made, made.facts)


class TestCause:
    """Of a decision."""

    def test_is_the_return_that_was_checked(self) -> None:
        """By its revision, or that it was withdrawn; with its event and receipt."""
        revised = build.received(2, revision=2)
        taken_back = build.withdrawn(RETURN, 7)
        checked = build.checked(RETURN, withdrawn=True, caused_by=taken_back.event_id, receipt_no=7)
        assert ("return_received", RETURN.event_id, 1) == cause(build.checked(RETURN))
        assert ("return_revised", revised.event_id, 2) == cause(build.checked(revised))
        assert ("return_withdrawn", taken_back.event_id, 7) == cause(checked)

    @pytest.mark.parametrize("ended", [date(2026, 3, 28), date(2026, 3, 29), date(2026, 11, 13)])
    def test_is_a_day_if_the_id_says_so(self, ended: date) -> None:
        """In winter and summer: ids are derived of what an event says. A day is no entry."""
        assert ("day_ended", None, None) == cause(build.assessed(ended))

    def test_is_a_day_in_every_part(self) -> None:
        """The other parts have ids of their own."""
        whole = build.assessed(date(2026, 11, 13))
        second = msgspec.structs.replace(
            whole,
            event_id=ids.derived(whole.type, whole.event_id, "part", 2),
            part=2,
            parts=2,
        )
        assert "day_ended" == cause(second).kind

    def test_is_a_line_elsewhere_otherwise(self) -> None:
        """The claim of another contract: its event is not in the log."""
        found = cause(build.assessed(date(2026, 11, 13), step=f"claim:{'a' * 64}:{'b' * 64}"))
        assert ("line_elsewhere", None, None) == found

    def test_is_no_day_before_the_calendar(self) -> None:
        """A made-up moment breaks nothing."""
        beginning = datetime(1, 1, 1, tzinfo=UTC)
        found = cause(build.assessed(date(2026, 11, 13)), occurred_at=beginning)
        assert "line_elsewhere" == found.kind


class TestFigures:
    def test_say_what_they_were_before(self) -> None:
        """Each by contract, commitment and month; other keys are other figures."""
        known = figures.Figures()
        first = figures.read(facts.of(_checked(build.assessment("visits", "2026-10", "9"))))
        again = figures.read(
            facts.of(
                _checked(
                    build.assessment("visits", "2026-10", "10"),
                    build.assessment("visits", "2026-11", "10"),
                )
            )
        )
        known.follow(3, "C1", first)
        assert [None] == [step.before for step in known.follow(4, "C2", first)]
        steps = known.follow(5, "C1", again)
        assert [(3, "9"), None] == [
            step.before and (step.before.entry, step.before.figure.counted) for step in steps
        ]
        assert [(5, "10"), (5, "10")] == [(s.after.entry, s.after.figure.counted) for s in steps]

    @pytest.mark.parametrize("said", [7, [7], [{"period": "2026-10"}], {"a": 1}, None])
    def test_that_nobody_stated_are_refused(self, said: Any) -> None:
        """Facts that are made up."""
        with pytest.raises(figures.FactsRefusedError):
            figures.read({"assessments": said})

    def test_may_be_in_the_event_alone(self) -> None:
        """Where the leaf has a digest of the facts."""
        assert figures.is_digest({"authority_id": "A", "digest": "ab"})
        assert not figures.is_digest(facts.of(_checked()))


def _checked(*assessments: events.Assessment) -> events.ReturnChecked:
    return build.checked(RETURN, assessments=assessments)
