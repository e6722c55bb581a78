"""The council's people of a contract, as they are set (rule P6). Gather, decide, apply.

Promises: who held which part is kept, with who set it and when. The same people again change
nothing. It is no input of the journal: no figure depends on it.
Refuses: an officer of another authority, with another role or forgotten; one person as owner and
deputy. Somebody who has never signed in is not known here yet (a director seldom signs in): such an
id is taken if it says whose it is, `name@authority`, and stands without a name till one arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.verification import store
from services.verification.domain import telling
from services.verification.domain.telling import Officers, Part
from services.verification.register import contracts
from services.verification.register.publication import Acting
from services.verification.register.refusals import Refusal
from shared import sql
from shared.officers import Officer

ROLES: Final = ("manager", "approver")
"""Those of officers who can hold a part. An auditor answers for no contract."""


async def change(
    conn: sql.Connection, contract_id: str, wanted: Officers, acting: Acting
) -> Refusal | None:
    """Sets who holds which part from now on; a part of nobody is ended."""
    gathered = await _gather(conn, contract_id, wanted, acting)
    if isinstance(gathered, Refusal):
        return gathered
    moves = _decide(gathered, wanted, acting)
    if isinstance(moves, Refusal):
        return moves
    if moves.ended:
        await store.people.set_ended(conn, contract_id, moves.ended, acting.actor_id, acting.at)
    if moves.begun:
        await store.people.add_held(conn, contract_id, moves.begun, acting.actor_id, acting.at)
    return None


@dataclass(frozen=True, slots=True)
class _Gathered:
    """A contract's people now, and what is known of those who are to come."""

    before: Officers
    known: Mapping[str, Officer]


async def _gather(
    conn: sql.Connection, contract_id: str, wanted: Officers, acting: Acting
) -> _Gathered | Refusal:
    row = await contracts.lock(conn, contract_id, acting)
    if isinstance(row, Refusal):
        return row
    before = (await store.people.load_officers(conn, [contract_id]))[contract_id]
    named = {wanted.holder(part) for part in telling.PARTS}
    known = await store.people.load_known(conn, {each for each in named if each is not None})
    return _Gathered(before, known)


@dataclass(frozen=True, slots=True)
class _Moves:
    """The parts that end, and those that begin."""

    ended: tuple[Part, ...]
    begun: dict[Part, str]


def _decide(found: _Gathered, wanted: Officers, acting: Acting) -> _Moves | Refusal:
    ended: list[Part] = []
    begun: dict[Part, str] = {}
    for part in telling.PARTS:
        before, after = found.before.holder(part), wanted.holder(part)
        if before == after:
            continue
        if before is not None:
            ended.append(part)
        if after is not None:
            if not _is_fit(after, found.known.get(after), acting):
                return Refusal("officer_unknown", pointer=f"/{part}")
            begun[part] = after
    if wanted.owner is not None and wanted.owner == wanted.deputy:
        return Refusal("owner_is_deputy", pointer="/deputy")
    return _Moves(tuple(ended), begun)


def _is_fit(officer_id: str, known: Officer | None, acting: Acting) -> bool:
    """Whether an officer can hold a part of the authority's contracts."""
    if known is None:
        name, at, authority_id = officer_id.rpartition("@")
        return bool(name and at) and authority_id == acting.authority_id
    is_named = known.name is not None
    return known.authority_id == acting.authority_id and is_named and known.role in ROLES
