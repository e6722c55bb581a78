"""People as intake may know them (rule I7)."""

from __future__ import annotations

import pytest

from services.intake.domain import people


class TestAReference:
    @pytest.mark.parametrize(
        ("reference", "likeness"),
        [
            ("APP-014", None),
            ("12345", None),
            ("W/2026/17", None),
            ("1234567890", None),
            ("AP-000123", None),
            ("WORKS DEPOT 12", None),
            ("0192b3c4-aaaa-7bbb-8ccc-abcdefabcdef", None),
            ("X", None),
            ("jane@example.org", "an e-mail address"),
            ("QQ123456C", "a National Insurance number"),
            ("qq 12 34 56 c", "a National Insurance number"),
            ("emp-AB-12-34-56-D", "a National Insurance number"),
            ("Jane Smith", "a name"),
            ("SMITH", "a name"),
            ("O'Brien, Áine", "a name"),
            ("jane.smith99", "a name"),
            ("Jane Smith 2", "a name"),
        ],
    )
    def test_looks_like_what_it_is(self, reference: str, likeness: str | None) -> None:
        """Names, e-mail addresses and National Insurance numbers are recognised."""
        assert likeness == people.looks_like(reference)


class TestAKeyedHash:
    def test_is_the_same_however_an_identifier_is_spaced(self) -> None:
        """Learner numbers are written in many ways."""
        one = people.keyed_hash(b"s" * 32, "GB-LAE-KWL", "123 456 7890")
        assert one == people.keyed_hash(b"s" * 32, "GB-LAE-KWL", "1234567890")

    @pytest.mark.parametrize(
        ("secret", "authority"), [(b"t" * 32, "GB-LAE-KWL"), (b"s" * 32, "GB-LAE-SFT")]
    )
    def test_differs_between_secrets_and_between_authorities(
        self, secret: bytes, authority: str
    ) -> None:
        """Without the secret it says nothing, and no authority learns from another."""
        one = people.keyed_hash(b"s" * 32, "GB-LAE-KWL", "1234567890")
        assert one != people.keyed_hash(secret, authority, "1234567890")
