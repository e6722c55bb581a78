"""Names for ids, as far as a service knows them: what is not known is shown by its id.

Promises: pure. A name is for display only; nothing is decided by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from shared.pages.parts import Cell
from shared.wire import events


class Promise(NamedTuple):
    """Which commitment of which contract."""

    contract_id: str
    commitment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What is known of the things on one page."""

    contracts: Mapping[str, str] = field(default_factory=dict)
    """Titles, by contract id."""
    parties: Mapping[str, str] = field(default_factory=dict)
    """Names of suppliers, by org-id."""
    promises: Mapping[Promise, str] = field(default_factory=dict)
    """Titles of commitments."""
    people: Mapping[str, str] = field(default_factory=dict)
    """Names of officers of councils, by account id."""

    def contract(self, contract_id: str) -> str:
        """The title of a contract."""
        return self.contracts.get(contract_id, contract_id)

    def contract_cell(self, contract_id: str, href: str | None = None) -> Cell:
        """The title of a contract with its reference below; the reference alone while there is no
        title."""
        title = self.contracts.get(contract_id)
        if title is None:
            return Cell(contract_id, href, is_whole=True)
        return Cell(title, href, why=(contract_id,))

    def party(self, party_id: str) -> str:
        """The name of a supplier."""
        return self.parties.get(party_id, party_id)

    def party_cell(self, party_id: str) -> Cell:
        """The name of a supplier; its org-id while there is none."""
        name = self.parties.get(party_id)
        return Cell(party_id, is_whole=True) if name is None else Cell(name)

    def promise(self, contract_id: str, commitment_id: str) -> str:
        """The title of a commitment."""
        return self.promises.get(Promise(contract_id, commitment_id), commitment_id)

    def promises_of(self, contract_id: str) -> dict[str, str]:
        """The titles of a contract's commitments, by id."""
        return {
            each.commitment_id: title
            for each, title in self.promises.items()
            if each.contract_id == contract_id
        }

    def person(self, officer_id: str) -> str:
        """The name of an officer of a council, else `Officer 3F9A`."""
        return self.people.get(officer_id) or f"Officer {_short(officer_id)}"


NONE: Final = Names()
"""Where nothing is known yet."""


def reported_person(person_id: object) -> str:
    """Somebody whom a return is about: `Person 3F9A`. Nobody of them is ever named."""
    return f"Person {_short(str(person_id))}"


def collect(
    contracts: Mapping[str, events.ContractNames], officers: Mapping[str, str] | None = None
) -> Names:
    """The names of these contracts, their suppliers and their commitments, and of officers. If two
    contracts name a supplier differently, that of the last one in order stands."""
    ordered = sorted(contracts.items())
    return Names(
        contracts={contract_id: said.title for contract_id, said in ordered if said.title},
        parties={each.id: each.name for _, said in ordered for each in said.suppliers},
        promises={
            Promise(contract_id, each.id): each.name
            for contract_id, said in ordered
            for each in said.commitments
        },
        people=officers or {},
    )


def _short(text: str) -> str:
    """Four digits that tell the few people on a page apart; they say nothing of the id."""
    return hashlib.sha256(text.encode()).hexdigest()[:4].upper()
