"""What one box takes: numbers, ids, digests and references."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.ledger.domain.entries import sought

AN_ID = "0199b6c2-0102-7a00-8000-5f0d8c1e0102"


class TestSought:
    @pytest.mark.parametrize(
        ("text", "number", "kinds"),
        [
            ("24", 24, None),
            (" 24 ", 24, None),
            ("#24", 24, None),
            ("1,204", 1204, None),
            ("receipt 24", 24, {"receipt"}),
            ("Receipt number 24", 24, {"receipt"}),
            ("receipt no. 24", 24, {"receipt"}),
            ("ENTRY 0", 0, {"entry"}),
            ("entry24", None, None),
            ("12,04", None, None),
            ("1" * 19, None, None),
            ("-1", None, None),
            ("٢٤", None, None),
        ],
    )
    def test_reads_numbers(self, text: str, number: int | None, kinds: set[str] | None) -> None:
        """With a word before it, a number is only that; a number beyond the database's is none."""
        found = sought.read(text)
        assert number == found.number
        if kinds is not None:
            assert kinds == found.kinds
            assert found.contract is None

    def test_reads_ids_in_either_case(self) -> None:
        assert UUID(AN_ID) == sought.read(AN_ID.upper()).id

    def test_reads_digests_in_either_case(self) -> None:
        assert b"\xab" * 32 == sought.read("aB" * 32).digest
        assert sought.read("ab" * 31).digest is None

    def test_reads_all_else_as_a_reference(self) -> None:
        """An org-id in the spelling of the log; a number may be a contract's reference too."""
        found = sought.read("gb-coh-1234567")
        assert ("gb-coh-1234567", "GB-COH-01234567") == (found.contract, found.party)
        assert found.is_reference
        assert "24" == sought.read("24").contract
        assert sought.read("KMBC-2026-0117").party is None
