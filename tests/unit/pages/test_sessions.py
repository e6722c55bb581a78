"""Sessions: sealed, bounded in time, and nobody's to make."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.pages import sealing, sessions
from shared.web import auth

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
WHO = auth.Caller("asha@GB-COH-1", "supplier", "GB-LAE-KWL", "GB-COH-1")
SESSION = sessions.start("Asha Rowntree", WHO, NOW)
SEALER = sealing.Sealer(b"k" * 32)


class TestSession:
    def test_comes_back_as_it_was_sealed(self) -> None:
        """As the same caller as a token's would be."""
        opened = SEALER.open(SEALER.seal(SESSION), NOW)
        assert SESSION == opened
        assert WHO == opened.caller

    def test_is_sealed_anew_each_time(self) -> None:
        """A value shows nothing, not even that it is the same."""
        first, second = SEALER.seal(SESSION), SEALER.seal(SESSION)
        assert first != second
        assert b"Asha" not in base64.urlsafe_b64decode(first)

    @pytest.mark.parametrize(
        ("hours", "is_open"),
        [(0, True), (20.99, True), (21, False), (-0.01, False)],
    )
    def test_holds_for_21_hours(self, hours: float, is_open: bool) -> None:
        later = NOW + timedelta(hours=hours)
        assert is_open == (SEALER.open(SEALER.seal(SESSION), later) is not None)

    def test_of_another_key_is_none(self) -> None:
        assert SEALER.open(sealing.Sealer(b"x" * 32).seal(SESSION), NOW) is None

    def test_that_was_changed_anywhere_is_none(self) -> None:
        """Each byte is sealed."""
        sealed = base64.urlsafe_b64decode(SEALER.seal(SESSION))
        for place in range(len(sealed)):
            changed = bytearray(sealed)
            changed[place] ^= 1
            assert SEALER.open(base64.urlsafe_b64encode(changed).decode(), NOW) is None

    @pytest.mark.parametrize("value", ["", "x", "é", "AAAA", "A" * 2001, "A" * 40, "=="])
    def test_is_not_anything_that_is_sent(self, value: str) -> None:
        assert SEALER.open(value, NOW) is None

    def test_has_a_role_that_exists(self) -> None:
        """What is sealed is read as strictly as what is sent."""
        other = msgspec.structs.replace(SESSION, role="owner")
        assert SEALER.open(SEALER.seal(other), NOW) is None


class TestFormToken:
    def test_is_of_one_session(self) -> None:
        """Another session of the same person has another."""
        token = SEALER.form_token(SESSION)
        assert SEALER.is_form_token(SESSION, token)
        again = sessions.start("Asha Rowntree", WHO, NOW)
        assert not SEALER.is_form_token(again, token)

    @pytest.mark.parametrize("token", ["", "é", "0" * 64])
    def test_is_not_anything_that_is_sent(self, token: str) -> None:
        assert not SEALER.is_form_token(SESSION, token)
