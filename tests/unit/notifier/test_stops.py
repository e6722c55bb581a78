"""Links that stop mails: nobody's to make, and each for one reader and one kind."""

from __future__ import annotations

import base64

import pytest

from shared.notifier import kinds, stops

KEY = b"k" * 32
PRIYA = "priya-nair@GB-LAE-KWL"
TOKEN = stops.token(KEY, PRIYA, "shortfall_opened")


class TestToken:
    def test_says_whose_and_what(self) -> None:
        assert stops.Stop(PRIYA, "shortfall_opened") == stops.read(KEY, TOKEN)

    def test_shows_nothing(self) -> None:
        """Not even that two are of one reader."""
        again = stops.token(KEY, PRIYA, "shortfall_opened")
        assert again != TOKEN
        assert b"priya" not in base64.urlsafe_b64decode(TOKEN)

    def test_stands_in_an_address_as_it_is(self) -> None:
        """Also behind what is longest: 150 characters of an account."""
        token = stops.token(KEY, "p" * 150, "commitment_without_owner")
        assert stops.TOKEN_CHARACTERS_MAX >= len(token)
        assert set(token) <= set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_="
        )

    def test_of_another_key_is_none(self) -> None:
        assert stops.read(b"x" * 32, TOKEN) is None

    def test_that_was_changed_anywhere_is_none(self) -> None:
        """Each byte is sealed."""
        sealed = base64.urlsafe_b64decode(TOKEN)
        for place in range(len(sealed)):
            changed = bytearray(sealed)
            changed[place] ^= 1
            assert stops.read(KEY, base64.urlsafe_b64encode(changed).decode()) is None

    @pytest.mark.parametrize("token", ["", "x", "é", "AAAA", "A" * 1001, TOKEN[:-8], "=="])
    def test_is_not_anything_that_is_sent(self, token: str) -> None:
        assert stops.read(KEY, token) is None


class TestStop:
    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("return_due", ("return_due",)),
            ("return_overdue", ()),
            ("", ("return_due", "return_checked", "duplicate_claim")),
            ("unheard", ()),
        ],
    )
    def test_is_of_what_may_be_stopped(self, kind: str, expected: tuple[str, ...]) -> None:
        """That a return is overdue is told to every supplier."""
        assert expected == stops.Stop(PRIYA, kind).kinds(kinds.SUPPLIER)
