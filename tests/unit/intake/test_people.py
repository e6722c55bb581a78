"""People as intake may know them (rule I7)."""

from __future__ import annotations

import pytest

from services.intake.domain import people, submission
from tests.support import reference


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
            ("emp 000123", None),
            ("STAFFNO-12", None),
            ("KMBC-0117", None),
            ("01ARZ3NDEKTSV4RRFFQ69G5FAV", None),
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
            ("JANE SMITH 2", "a name"),
            ("Jane-Smith 12", "a name"),
            ("J. Smith 12", "a name"),
            ("jane7", "a name"),
            ("O\u2019Connor 7", "a name"),
            ("\u738b\u5c0f\u660e7", "a name"),
            ("apprentice Jane 7", "a name"),
            ("AB/12/34/56/C", "a National Insurance number"),
            ("A B 1 2 3 4 5 6 C", "a National Insurance number"),
            ("AB123456", "a National Insurance number"),
            ("AB\u200b123456C", "a National Insurance number"),
            ("jane\uff20example.org 1", "an e-mail address"),
        ],
    )
    def test_looks_like_what_it_is(self, reference: str, likeness: str | None) -> None:
        """Names, e-mail addresses and National Insurance numbers are recognised."""
        assert likeness == people.looks_like(reference)

    @reference.needed
    def test_looks_like_what_the_cases_say(self) -> None:
        """The cases from the field have the right values."""
        cases = reference.case("person-references")
        assert None not in map(people.looks_like, cases["must_be_refused"])
        assert {None} == set(map(people.looks_like, cases["must_be_taken"]))

    def test_is_one_person_however_it_is_spelt(self) -> None:
        """The random id belongs to the normal form of employer and reference."""
        spellings = [("GB-COH-1234567", "APP-014"), ("GB-COH-01234567", " app\u2011014\u200b")]
        persons = [submission.Person(employer_id=each, ref=ref) for each, ref in spellings]
        wanted = people.Reference("GB-LAE-KWL", "GB-COH-01234567", "app014")
        assert {wanted} == {people.reference("GB-LAE-KWL", person) for person in persons}


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
