"""Identifiers in one normal form (docs/rules.md, One normal form)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import identifiers
from tests.support import reference


class TestAnOrgId:
    @pytest.mark.parametrize(
        ("wanted", "spellings"),
        [
            ("GB-COH-01234567", ("GB-COH-01234567", "GB-COH-1234567", " gb-coh-0123 4567\u200b")),
            ("GB-COH-00123456", ("GB-COH-00123456", "GB-COH-123456")),
            (
                "GB-COH-SC123456",
                ("GB-COH-SC123456", "GB-COH-sc123456", "GB\u2011COH\u2011SC123456"),
            ),
            ("GB-COH-SC012345", ("GB-COH-SC012345", "GB-COH-SC12345")),
            ("GB-COH-IP12345R", ("GB-COH-IP12345R", "gb-coh-ip12345r")),
            ("GB-EDU-143878", ("GB-EDU-143878", "gb-edu-143878")),
            ("GB-LAE-KWL", ("GB-LAE-KWL", "Gb-Lae-Kwl")),
            ("GB-PPON-PABC-1234-ABCD", ("GB-PPON-PABC-1234-ABCD", "gb-ppon-pabc-1234-abcd")),
            ("GB-CHC-1234567", ("GB-CHC-1234567", "GB-CHC-1234567")),
            ("MG-NAME-0a1b2c", ("MG-NAME-0a1b2c", "mg-name-0A1B2C")),
        ],
    )
    def test_is_one_however_it_is_spelt(self, wanted: str, spellings: tuple[str, ...]) -> None:
        """Case, blanks, hyphens and zeros that a spreadsheet dropped make no other firm."""
        assert {wanted} == {identifiers.org_id(each) for each in spellings}

    @pytest.mark.parametrize(
        "text",
        [
            "GB-COH-N/A",
            "GB-COH-0",
            "GB-COH-00000000",
            "GB-COH-none",
            "GB-COH-12345",
            "GB-COH-123456789",
            "GB-COH-",
            "GB-COH-ABCDEFGH",
            "GB-CHC-unknown",
            "GB-EDU-14387",
            "GB-EDU-000000",
            "Example Plant Hire",
            "00000002",
            "GB-COH-\u0405C123456",
            "GB-CHC-" + "1" * 100,
        ],
    )
    def test_is_no_placeholder_and_no_name(self, text: str) -> None:
        """What identifies no organisation has no normal form."""
        assert identifiers.org_id(text) is None

    def test_of_a_school_is_its_urn(self) -> None:
        """A school is an organisation of one register; others are none."""
        assert "GB-EDU-143878" == identifiers.school("gb-edu-143878")
        assert "143878" == identifiers.urn(" 143878 ")
        assert identifiers.school("GB-COH-01234567") is None
        assert identifiers.urn("14387") is None


class TestAPostcode:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("l36 9yu", "L36 9YU"),
            ("L369YU", "L36 9YU"),
            (" L36  9YU ", "L36 9YU"),
            ("L36\u00a09YU", "L36 9YU"),
            ("\uff2c36 9YU", "L36 9YU"),
            ("gir 0aa", "GIR 0AA"),
            ("BF1 3AA", "BF1 3AA"),
            ("JE2 3AB", "JE2 3AB"),
            ("EC1A 1BB", "EC1A 1BB"),
            ("L36-9YU", None),
            ("L36 OYU", None),
            ("L36", None),
            ("none", None),
        ],
    )
    def test_has_one_form(self, text: str, wanted: str | None) -> None:
        """Blanks of any sort, width and case are taken off; nothing is guessed."""
        assert wanted == identifiers.postcode(text)


class TestAnInvoiceNumber:
    def test_is_one_however_it_is_spelt(self) -> None:
        """Case, blanks, marks, direction, width, filled zeros and look-alikes are taken off."""
        spellings = ["INV-2231", "inv 2231", "INV\u20112231", "INV-2231\u200b", "INV-02231"]
        spellings += ["\u202aINV-2231\u202c", "\uff29\uff2e\uff36\uff0d\uff12\uff12\uff13\uff11"]
        spellings += ["INV\u00ad2231", "I\u0307NV-2231", "\u0399NV-2231"]
        assert {"inv2231"} == {identifiers.invoice_number(each) for each in spellings}

    def test_keeps_zeros_that_are_not_in_front(self) -> None:
        """Only zeros in front of a run of digits mean nothing."""
        assert "inv2200" == identifiers.invoice_number("INV-2200")
        assert "1001" == identifiers.invoice_number("10/01")
        assert "a0" == identifiers.invoice_number("A-0")


class TestAPersonReference:
    def test_is_one_however_it_is_spelt(self) -> None:
        """One apprentice has one reference."""
        spellings = ["APP-014", "app-014", "APP\u2011014", "APP 014", "app014", "APP-014\u200b"]
        assert {"app014"} == {identifiers.person_reference(each) for each in spellings}

    def test_keeps_its_zeros(self) -> None:
        """Two people may differ in nothing but a zero."""
        assert "app14" == identifiers.person_reference("APP-14")
        assert "0123456789" == identifiers.shared_identifier("012 345 6789")


class TestAPlaceholder:
    @pytest.mark.parametrize(
        "text",
        ["N/A", "n.a.", "0", "000", "none", "NONE ", "-", "", " ", "\u200b", "tbc", "not known"],
    )
    def test_stands_for_nothing(self, text: str) -> None:
        """No kind of identifier takes it."""
        assert identifiers.is_placeholder(text)
        for kind in _KINDS:
            assert kind(text) is None

    @pytest.mark.parametrize("text", ["A", "7", "NA-7", "none-1", "INV-0001"])
    def test_is_nothing_else(self, text: str) -> None:
        """A word or a zero within a number is no placeholder."""
        assert not identifiers.is_placeholder(text)


_KINDS: tuple[Callable[[str], str | None], ...] = (
    identifiers.org_id,
    identifiers.company_number,
    identifiers.urn,
    identifiers.school,
    identifiers.postcode,
    identifiers.invoice_number,
    identifiers.person_reference,
    identifiers.shared_identifier,
)


class TestEveryKind:
    @pytest.mark.parametrize("kind", _KINDS)
    @given(text=st.text() | st.from_regex(r"[A-Za-z]{0,3}[- ]?[0-9]{0,8}[ /]?[A-Za-z0-9]{0,4}"))
    def test_has_a_normal_form_that_is_its_own(
        self, kind: Callable[[str], str | None], text: str
    ) -> None:
        """A normal form can be read again at the next door."""
        found = kind(text)
        if found is not None:
            assert found == kind(found)

    @reference.needed
    def test_takes_what_the_cases_say(self) -> None:
        """The cases from the field have the right values."""
        read = reference.case
        assert 1 == len({_invoice(each) for each in read("invoice-spellings")["lines"]})
        assert 1 == len({_payee(each) for each in read("payee-spellings")["lines"]})
        assert 1 == len({_ref(each) for each in read("person-spellings")["lines"]})
        postcodes = read("postcodes")
        assert None not in map(identifiers.postcode, postcodes["must_be_taken"])
        assert {None} == set(map(identifiers.postcode, postcodes["must_be_refused"]))


def _invoice(line: dict[str, dict[str, str]]) -> str | None:
    return identifiers.invoice_number(line["invoice"]["number"])


def _payee(line: dict[str, dict[str, str]]) -> str | None:
    return identifiers.org_id(line["invoice"]["payee_id"])


def _ref(line: dict[str, dict[str, str]]) -> str | None:
    return identifiers.person_reference(line["person"]["ref"])
