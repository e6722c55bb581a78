"""Which officers are told of an alert (rules C2, L3)."""

from __future__ import annotations

import typing

import pytest

from services.verification.domain import telling
from services.verification.domain.telling import Officers
from shared.notifier.kinds import Step
from shared.wire import events

OWNED = Officers(owner="priya", deputy="ellen", category_lead="ruth", director="dilys")
MANAGERS = ("ellen", "joe", "priya")


class TestAnAlert:
    @pytest.mark.parametrize(
        ("step", "officers", "who"),
        [
            ("raised", OWNED, ("priya", "ellen")),
            ("raised", Officers(owner="priya"), ("priya",)),
            ("raised", Officers(), MANAGERS),
            ("raised", Officers(deputy="ellen"), MANAGERS),
            ("raised", Officers(deputy="sam"), (*MANAGERS, "sam")),
            ("raised", Officers(director="dilys"), MANAGERS),
            ("unanswered_5", OWNED, ("priya", "ellen")),
            ("unanswered_5", Officers(), MANAGERS),
            ("unanswered_10", OWNED, ("ruth",)),
            ("unanswered_10", Officers(owner="priya", director="dilys"), ("priya",)),
            ("unanswered_20", OWNED, ("dilys",)),
            ("unanswered_20", Officers(owner="priya", category_lead="ruth"), ("ruth",)),
            ("unanswered_20", Officers(owner="priya", deputy="ellen"), ("priya", "ellen")),
            ("unanswered_20", Officers(), MANAGERS),
        ],
    )
    def test_goes_up_the_longer_nobody_answers(
        self, step: Step, officers: Officers, who: tuple[str, ...]
    ) -> None:
        """Owner and deputy, the category lead, the director; where there is none, whoever was told
        at the step before; for an owner that there is not, every manager, each once."""
        assert who == telling.told("shortfall_opened", step, officers, MANAGERS)

    @pytest.mark.parametrize("step", telling.UNANSWERED.values())
    def test_that_asks_for_nothing_is_said_once(self, step: Step) -> None:
        """Nobody waits for an answer to good news."""
        assert ("priya", "ellen") == telling.told("shortfall_recovered", "raised", OWNED, MANAGERS)
        assert () == telling.told("shortfall_recovered", step, OWNED, MANAGERS)

    def test_that_a_return_is_due_is_the_suppliers(self) -> None:
        """Of every other kind on the wire officers are told."""
        assert () == telling.told("return_due", "raised", OWNED, MANAGERS)
        assert {"return_due"} == {*typing.get_args(events.AlertKind)} - telling.KINDS
        assert telling.KINDS < {*typing.get_args(events.AlertKind)}


class TestAStep:
    def test_is_there_for_each_day_of_the_rule(self) -> None:
        """Working days without an answer: 5, 10, 20."""
        assert {5: "unanswered_5", 10: "unanswered_10", 20: "unanswered_20"} == telling.UNANSWERED
        assert {"raised", *telling.UNANSWERED.values()} == {*typing.get_args(Step)}


class TestAPart:
    def test_is_one_that_the_table_has(self) -> None:
        """In the order in which people are told."""
        assert typing.get_args(telling.Part) == telling.PARTS
        assert ["priya", "ellen", "ruth", "dilys"] == [OWNED.holder(p) for p in telling.PARTS]
