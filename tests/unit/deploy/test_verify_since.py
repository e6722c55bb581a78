"""`makegood verify NEW --since OLD`: what was added, and which figures changed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from deploy import verify_report
from services.ledger.audit import audit, sentences
from tests.support import ledger_service as ledger
from tests.unit.deploy import test_verify as command
from tests.unit.ledger import test_additions as log
from tests.unit.ledger import test_audit as exports

LONG = "KMBC-" + "2026-" * 20 + "0117"
"""Longer than a screen is wide."""


def since(folder: Path, size: int, *options: str, pack: audit.Export | None = None) -> Result:
    """The verification of a log against a checkpoint of its first `size` entries."""
    new = log.export(*log.EVENTS) if pack is None else pack
    old = folder / "old"
    old.write_text(exports.signed(tuple(new.entries)[:size]))
    options = ("--key", command.KEY, "--since", str(old), *options)
    return command.verify(folder, command.lines(new), *options)


class TestWords:
    def test_say_what_was_added_and_changed(self, tmp_path: Path) -> None:
        """By contract and type, then the figures, each with before, after and cause."""
        result = since(tmp_path, 2)
        assert 0 == result.exit_code
        _, _, said = result.output.partition("\nAdded since: ")
        assert [
            "entries 2 to 7 (6).",
            "",
            "Of no contract",
            "  RecordParked               1   newest: entry 7, 2026-11-02 09:00 UTC",
            "",
            "C1",
            "  receipts 2 to 3",
            "  CommitmentAssessed         1   newest: entry 6, 2026-12-15 00:00 UTC",
            "  ReturnChecked              2   newest: entry 5, 2026-11-02 09:00 UTC",
            "  ReturnReceived             1   newest: entry 2, 2026-11-02 09:00 UTC",
            "  ReturnWithdrawn            1   newest: entry 4, 2026-11-02 09:00 UTC",
            "",
            "Figures that changed: 1.",
            "",
            "C1",
            "  visits, 2026-10",
            "    rating   Requires improvement → Other (data_missing)",
            "    counted  9 → 0",
            "    by entry 3: a return was revised, receipt 2, entry 2",
            "    by entry 5: a return was withdrawn, receipt 3, entry 4",
            "",
            "Figures stated for the first time: 1.",
            "",
            "C1",
            "  visits, 2026-11",
            "    Other, 0 counted, by entry 6",
        ] == said.splitlines()
        assert 80 >= max(map(len, said.splitlines()))

    def test_never_cut_an_id(self, tmp_path: Path) -> None:
        """A contract's number is written whole, however long it is."""
        first = ledger.received(1, LONG)
        checked = ledger.checked(first, assessments=(log.OCTOBER,))
        result = since(tmp_path, 0, pack=log.export(first, checked))
        assert 2 == result.output.splitlines().count(LONG)

    def test_say_that_nothing_was_added(self, tmp_path: Path) -> None:
        """The same export again."""
        assert "Nothing was added since." in since(tmp_path, len(log.EVENTS)).output

    def test_are_kept_back_while_a_check_fails(self, tmp_path: Path) -> None:
        """What was forged is no addition."""
        whole = log.export(*log.EVENTS)
        leaves = tuple(whole.entries)
        swapped = replace(whole, entries=(leaves[1], leaves[0], *leaves[2:]), disclosed={})
        result = since(tmp_path, 2, pack=swapped)
        assert 1 == result.exit_code
        assert "What was added is not shown" in result.output
        assert "RecordParked" not in result.output

    def test_are_bounded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Of very many figures the first are shown and the others counted."""
        monkeypatch.setattr(verify_report, "FIGURES_SHOWN_MAX", 2)
        many = [ledger.assessment(f"c{n}", "2026-10", "1") for n in range(5)]
        checked = ledger.checked(log.FIRST, assessments=many)
        result = since(tmp_path, 0, pack=log.export(log.FIRST, checked))
        assert "and 3 more figures: --json has all of them" in result.output
        assert "  c1, 2026-10" in result.output.splitlines()
        assert "c2" not in result.output


class TestJson:
    def test_says_the_same(self, tmp_path: Path) -> None:
        """Every check, what was added, and every figure with its causes."""
        result = since(tmp_path, 2, "--json")
        said: dict[str, Any] = json.loads(result.output)
        assert (0, True, True) == (result.exit_code, said["holds"], said["is_key_given"])
        assert {"checkpoint", "leaves", "contracts", "sources", "payloads", "since"} == {
            check["name"] for check in said["checks"] if check["holds"]
        }
        added = said["added"]
        assert (2, 6) == (added["first"], added["entries"])
        assert {
            "contract_id": "C1",
            "type": "ReturnChecked",
            "entries": 2,
            "newest": 5,
            "newest_at": "2026-11-02T09:00:00Z",
        } in added["by_contract"]
        assert [2, 3] == [each["receipt_no"] for each in added["receipts"]]
        visits = added["figures"][0]
        assert ("C1", "visits", "2026-10") == (
            visits["contract_id"],
            visits["commitment_id"],
            visits["period"],
        )
        assert (1, "9", 5, "0") == (
            visits["before"]["entry"],
            visits["before"]["counted"],
            visits["after"]["entry"],
            visits["after"]["counted"],
        )
        assert [
            {"entry": 3, "cause": "return_revised", "cause_entry": 2, "receipt_no": 2},
            {"entry": 5, "cause": "return_withdrawn", "cause_entry": 4, "receipt_no": 3},
        ] == visits["by"]

    def test_says_what_to_do(self, tmp_path: Path) -> None:
        """Of each check that fails, with every failure; nothing is said of additions."""
        whole = log.export(*log.EVENTS)
        cut = replace(whole, entries=tuple(whole.entries)[:-1], disclosed={})
        result = since(tmp_path, 2, "--json", pack=cut)
        said = json.loads(result.output)
        (leaves,) = (check for check in said["checks"] if check["name"] == "leaves")
        assert (1, False, None) == (result.exit_code, said["holds"], said["added"])
        assert leaves["failures"][0]["what"].startswith("only 7 of the 8 entries")
        assert sentences.ADVICE["leaves"] == leaves["what_to_do"]
