"""What a program is answered when intake refuses."""

from __future__ import annotations

from typing import get_args

import pytest

from services.intake.acceptance.refusals import Code, Refusal
from services.intake.api import refusals
from services.intake.drafts import refusals as drafts
from shared.web.problems import Problem


class TestARefusal:
    def test_has_an_answer_for_every_code(self) -> None:
        """One table has them all."""
        assert set(get_args(Code)) == set(refusals.ANSWERS)

    def test_says_when_to_come_back(self) -> None:
        """In Retry-After, if waiting helps."""
        with pytest.raises(Problem) as raised:
            refusals.accept(Refusal("too_many_requests", 3))
        assert (429, {"retry-after": "3"}) == (raised.value.status, raised.value.headers)

    def test_names_the_rule_if_one_was_broken(self) -> None:
        """With what to do about it."""
        with pytest.raises(Problem) as raised:
            refusals.accept(Refusal("return_superseded"))
        assert (409, ["I3"]) == (
            raised.value.status,
            [fault.rule for fault in raised.value.errors],
        )

    def test_is_not_what_was_done(self) -> None:
        """Anything else is passed through."""
        assert "done" == refusals.accept("done")

    def test_of_a_draft_has_an_answer_too(self) -> None:
        """In a table of its own, by code."""
        assert set(get_args(drafts.Code)) == set(refusals.DRAFT_ANSWERS)
        problem = refusals.not_drafted(drafts.Refusal("drafts_full", 500))
        assert (409, "You have too many drafts") == (problem.status, problem.title)
