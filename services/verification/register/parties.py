"""The organisations that a release names, by org-id.

Promises: pure. One organisation has one id, however it is spelt: that of its identifier, else the
party's own, else one of ours made of publisher and name, so that the publisher's next release gives
the same one. Names stay as published.
Refuses: placeholders as identifiers; a supplier without an identifier and a name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.verification.register import published
from services.verification.register.things import Fault
from shared import fields, identifiers

SUPPLIERS_MAX: Final = 1_000
"""Of one award: all of them are published in one message."""

_FIX: Final = "Give each supplier an identifier or a name."


@dataclass(frozen=True, slots=True)
class Organisation:
    id: str
    name: str | None


class Named:
    """The parties of a release."""

    def __init__(self, ocid: str, release: Mapping[str, Any]) -> None:
        self._publisher = "-".join(ocid.split("-")[:2])
        self._buyer = release.get("buyer")
        self._parties: dict[str | None, Mapping[str, Any]] = {}
        for party in map(published.mapping, published.items(release.get("parties"))):
            self._parties.setdefault(published.identifier(party.get("id")), party)
        self._parties.pop(None, None)

    def buyer(self) -> Organisation | None:
        """The buyer, if the release says who it is."""
        return self._organisation(published.mapping(self._buyer))

    def suppliers(self, sent: object, place: str) -> tuple[Organisation, ...] | Fault:
        """The suppliers of an award, each once."""
        references = published.items(sent)
        if not references:
            return Fault(place, sent, "it names no supplier", _FIX)
        found: dict[str, Organisation] = {}
        for number, reference in enumerate(references):
            supplier = self._organisation(published.mapping(reference))
            if supplier is None:
                reason = "this supplier has no identifier and no name that can be read"
                return Fault(f"{place}/{number}", reference, reason, _FIX)
            found.setdefault(supplier.id, supplier)
        if len(found) > SUPPLIERS_MAX:
            reason = f"it has more than {SUPPLIERS_MAX:,} suppliers"
            return Fault(place, None, reason, "Register it in parts, by hand.")
        return tuple(found.values())

    def _organisation(self, reference: Mapping[str, Any]) -> Organisation | None:
        party = self._parties.get(published.identifier(reference.get("id")), reference)
        name = published.text(reference.get("name")) or published.text(party.get("name"))
        if name is not None and len(name) > fields.TITLE_CHARACTERS_MAX:
            return None
        for spelt in _spelt(party):
            org_id = identifiers.org_id(spelt)
            if org_id is not None:
                return Organisation(org_id, name)
        return None if name is None else Organisation(self._own_id(name), name)

    def _own_id(self, name: str) -> str:
        plain = " ".join(identifiers.visible(name).casefold().split())
        digest = hashlib.sha256(f"{self._publisher} {plain}".encode()).hexdigest()
        return f"{identifiers.OWN_SCHEME}-{digest[:16]}"


def _spelt(party: Mapping[str, Any]) -> Iterator[str]:
    """The identifiers of a party as published, best first."""
    identifier = published.mapping(party.get("identifier"))
    scheme, number = (
        published.text(identifier.get("scheme")),
        published.identifier(identifier.get("id")),
    )
    if scheme and number:
        yield f"{scheme}-{number}"
    own = published.text(party.get("id"))
    if own:
        yield own
