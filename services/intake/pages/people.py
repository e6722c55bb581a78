"""The people of the demonstration: whoever opens it chooses to be one of them."""

from __future__ import annotations

from typing import Final, NamedTuple

from shared import officers
from shared.pages import site
from shared.web import auth

AUTHORITY: Final = "GB-LAE-KWL"


class Person(NamedTuple):
    """Somebody who does not exist."""

    key: str
    """Of the address that signs this person in."""
    name: str
    does: str
    who: auth.Caller
    site: site.Name
    """Where the person's work is."""

    @property
    def begins(self) -> str:
        """The page that opens first."""
        return f"{self.site}:/{'notifications' if self.who.role == 'operator' else ''}"

    @property
    def named(self) -> officers.Officer:
        """As other services are told, if this is an officer."""
        return officers.Officer(self.who.authority_id, self.name, self.who.role)


def _supplier(name: str, of: str, party_id: str) -> Person:
    key = name.lower().replace(" ", "-")
    who = auth.Caller(f"{key}@{party_id}", "supplier", AUTHORITY, party_id)
    return Person(key, name, of, who, "supplier")


def _officer(name: str, role: auth.Role, does: str, where: site.Name = "council") -> Person:
    key = name.lower().replace(" ", "-")
    return Person(key, name, does, auth.Caller(f"{key}@{AUTHORITY}", role, AUTHORITY), where)


GROUPS: Final[dict[str, tuple[Person, ...]]] = {
    "Suppliers": (
        _supplier("Asha Rowntree", "Brackenfold Builders", "GB-COH-99000001"),
        _supplier("Tom Feller", "Fernhollow Kitchens", "GB-COH-99000002"),
        _supplier("Wen Harper", "Thistlewick Grounds", "GB-COH-99000003"),
    ),
    "Contract managers": (
        _officer("Priya Nair", "manager", "contract manager"),
        _officer("Joe Marsh", "manager", "contract manager"),
        _officer("Ellen Ford", "manager", "deputy of a contract manager"),
    ),
    "Approvers": (
        _officer("Ruth Okafor", "approver", "approver"),
        _officer("Sam Pike", "approver", "approver"),
        _officer("Dilys Venn", "approver", "approver"),
    ),
    "Auditors": (
        _officer("Iain Reid", "auditor", "internal auditor", "record"),
        _officer("Noor Aziz", "auditor", "external auditor", "record"),
        _officer("Beth Lowe", "auditor", "auditor", "record"),
    ),
    "Operators": (_officer("Lena Quist", "operator", "keeps Makegood running"),),
}
"""By what they do."""
BY_KEY: Final = {person.key: person for group in GROUPS.values() for person in group}
