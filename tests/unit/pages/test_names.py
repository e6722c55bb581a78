"""Names for ids, and what stands where there is none."""

from __future__ import annotations

from shared.pages import names
from shared.pages.names import Promise
from shared.pages.parts import Cell
from shared.wire import events

HUB = events.ContractNames(
    title="Community hub",
    suppliers=(events.Named(id="GB-COH-99000001", name="Brackenfold Builders"),),
    commitments=(events.Named(id="spend", name="Spend in the borough"),),
)


class TestNames:
    def test_are_those_that_were_said(self) -> None:
        """Of the contract, its suppliers and its commitments."""
        known = names.collect({"C1": HUB}, {"priya": "Priya Nair"})
        assert "Community hub" == known.contract("C1")
        assert "Brackenfold Builders" == known.party("GB-COH-99000001")
        assert "Spend in the borough" == known.promise("C1", "spend")
        assert {"spend": "Spend in the borough"} == known.promises_of("C1")
        assert "Priya Nair" == known.person("priya")

    def test_that_are_not_known_are_ids(self) -> None:
        """A page stands before any name has arrived."""
        assert "C1" == names.NONE.contract("C1")
        assert "GB-COH-99000001" == names.NONE.party("GB-COH-99000001")
        assert "spend" == names.NONE.promise("C1", "spend")
        assert {} == names.NONE.promises_of("C1")

    def test_of_a_commitment_are_within_its_contract(self) -> None:
        """Another contract may have a commitment of the same id."""
        known = names.Names(promises={Promise("C1", "spend"): "Spend"})
        assert "spend" == known.promise("C2", "spend")
        assert {} == known.promises_of("C2")

    def test_of_a_supplier_in_two_contracts_are_one(self) -> None:
        """That of the last contract in order, so that a page does not change by chance."""
        other = events.ContractNames(suppliers=(events.Named(id="GB-COH-99000001", name="BB Ltd"),))
        assert "BB Ltd" == names.collect({"C2": other, "C1": HUB}).party("GB-COH-99000001")


class TestCell:
    def test_of_a_contract_has_its_reference_below(self) -> None:
        known = names.collect({"C1": HUB})
        assert Cell("Community hub", "/c", why=("C1",)) == known.contract_cell("C1", "/c")
        assert Cell("C1", "/c", is_whole=True) == names.NONE.contract_cell("C1", "/c")

    def test_of_a_supplier_is_its_name(self) -> None:
        party_id = "GB-COH-99000001"
        assert Cell("Brackenfold Builders") == names.collect({"C1": HUB}).party_cell(party_id)
        assert Cell(party_id, is_whole=True) == names.NONE.party_cell(party_id)


class TestSomebodyWithoutAName:
    def test_has_four_digits_that_stay(self) -> None:
        """`printf priya-nair | sha256sum` begins with 0eb2; the id itself is not told."""
        assert "Officer 0EB2" == names.NONE.person("priya-nair")
        assert "Person 0EB2" == names.reported_person("priya-nair")
        assert names.NONE.person("joe-marsh") != names.NONE.person("priya-nair")
