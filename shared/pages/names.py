"""Names for ids, as far as a service knows them: what is not known is shown by its id.

Promises: pure. A name is for display only; nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple


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
    """Names of officers, by actor id."""

    def contract(self, contract_id: str) -> str:
        """The title of a contract."""
        return self.contracts.get(contract_id, contract_id)

    def party(self, party_id: str) -> str:
        """The name of a supplier."""
        return self.parties.get(party_id, party_id)

    def promise(self, contract_id: str, commitment_id: str) -> str:
        """The title of a commitment."""
        return self.promises.get(Promise(contract_id, commitment_id), commitment_id)

    def person(self, actor_id: str) -> str:
        """The name of somebody who acts for a council or a supplier."""
        return self.people.get(actor_id, actor_id)


NONE: Final = Names()
"""Where nothing is known yet."""
