"""The life of a return."""

from __future__ import annotations

import itertools

import pytest

from services.intake.domain import return_status


class TestTheFactsOfAStatus:
    def test_hold_of_every_return_that_has_it(self) -> None:
        """Whoever looks for returns of a status by these facts misses none."""
        for facts in itertools.product((False, True), repeat=4):
            is_withdrawn, is_superseded, is_checked, is_held = given = facts
            found = return_status.status(
                is_withdrawn=is_withdrawn,
                is_superseded=is_superseded,
                is_checked=is_checked,
                is_held=is_held,
            )
            needed = return_status.NEEDS[found]
            assert all(n is None or n == g for n, g in zip(needed, given, strict=True)), found


class TestTheStatusOfAReturn:
    @pytest.mark.parametrize(
        ("expected", "is_withdrawn", "is_superseded", "is_checked"),
        [
            ("received", False, False, False),
            ("checked", False, False, True),
            ("superseded", False, True, False),
            ("superseded", False, True, True),
            ("withdrawn", True, False, False),
            ("withdrawn", True, False, True),
            ("withdrawn", True, True, False),
            ("withdrawn", True, True, True),
        ],
    )
    def test_follows_from_its_facts(
        self, expected: str, is_withdrawn: bool, is_superseded: bool, is_checked: bool
    ) -> None:
        """The end of a return wins over its check, and the end that came first stays."""
        assert expected == return_status.status(
            is_withdrawn=is_withdrawn, is_superseded=is_superseded, is_checked=is_checked
        )

    @pytest.mark.parametrize(
        ("expected", "is_withdrawn", "is_superseded"),
        [("held", False, False), ("held", True, False), ("superseded", False, True)],
    )
    def test_is_held_while_a_service_cannot_take_it(
        self, expected: str, is_withdrawn: bool, is_superseded: bool
    ) -> None:
        """Also if it was checked before. The next revision makes an end of it."""
        assert expected == return_status.status(
            is_withdrawn=is_withdrawn, is_superseded=is_superseded, is_checked=True, is_held=True
        )

    @pytest.mark.parametrize(
        ("expected", "is_withdrawn", "is_replaced", "is_held"),
        [
            (None, False, False, False),
            (None, False, False, True),
            ("withdrawn", True, False, False),
            (None, True, False, True),
            ("superseded", False, True, False),
            ("withdrawn", True, True, True),
        ],
    )
    def test_ends_when_its_lines_no_longer_count(
        self, expected: str | None, is_withdrawn: bool, is_replaced: bool, is_held: bool
    ) -> None:
        """While its withdrawal is held, they still do."""
        assert expected == return_status.end(
            is_withdrawn=is_withdrawn, is_replaced=is_replaced, is_held=is_held
        )

    @pytest.mark.parametrize(
        ("current", "following"),
        [
            ("received", {"held", "checked", "superseded", "withdrawn"}),
            ("held", {"checked", "superseded", "withdrawn"}),
            ("checked", {"held", "superseded", "withdrawn"}),
            ("superseded", set()),
            ("withdrawn", {"held"}),
        ],
    )
    def test_moves_by_the_table_only(
        self, current: return_status.ReturnStatus, following: set[return_status.ReturnStatus]
    ) -> None:
        """Whatever is not in the table may not happen, and every status has its row."""
        statuses = return_status.MOVES.keys() - {None}
        assert following == {to for to in statuses if to and return_status.may_move(current, to)}

    def test_begins_as_received(self) -> None:
        """A return that does not exist can only be received."""
        assert {"received"} == return_status.MOVES[None]
