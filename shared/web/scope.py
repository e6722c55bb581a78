"""What a caller may see and change: its authority's things, or only its party's among them.

Promises: every look-up of someone's things takes a Scope, in all services. What is outside it looks
as if it did not exist (`404`).
"""

from __future__ import annotations

from dataclasses import dataclass

from shared.web import auth
from shared.wire import events


@dataclass(frozen=True, slots=True)
class Scope:
    """The things of an authority; with a party, only those that are this party's too."""

    authority_id: str
    party_id: str | None = None
    is_auditors: bool = False
    """Auditors also see what belongs to the installation and to no authority."""

    @property
    def authorities(self) -> tuple[str, ...]:
        """Each once."""
        everyone = (events.INSTALLATION,) if self.is_auditors else ()
        return tuple(dict.fromkeys((self.authority_id, *everyone)))

    def asked(self) -> dict[str, str | None]:
        """The parameters of a query."""
        return {"authority_id": self.authority_id, "party_id": self.party_id}

    def covers(self, authority_id: str, party_id: str | None) -> bool:
        """Whether a thing of this authority and party is within it."""
        return authority_id in self.authorities and self.party_id in (None, party_id)


def of(who: auth.Caller) -> Scope:
    """The scope of a caller. Only suppliers have a party."""
    return Scope(who.authority_id, who.party_id, is_auditors=who.role == "auditor")
