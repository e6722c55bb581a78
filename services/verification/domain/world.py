"""What lies outside of a contract: the postcode directory and the other contracts' claims.

Promises: values only. `needs` says what an event asks of them before it is folded; `facts` picks
out what folding it uses, and nothing else, so that it can go into the journal with the input.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from services.verification.domain import checks, claims, people, places
from services.verification.domain.lines import Line, Lines
from services.verification.domain.state import Facts, Needs, State
from shared import calendar
from shared.wire import events


@dataclass(frozen=True, slots=True)
class World:
    """As gathered for a batch."""

    directory: dict[str, places.PlaceFact] = field(default_factory=dict)
    """By `places.fact_key(edition, postcode)`; unknown postcodes are absent."""
    claims: claims.ClaimIndex = field(default_factory=claims.ClaimIndex)
    holidays: tuple[Declared, ...] = ()
    """Bank holidays that were declared late."""


class Declared(NamedTuple):
    """A bank holiday that was declared late, for an authority or the installation."""

    authority_id: str
    holiday: calendar.LateHoliday


def needs(state: State, event: events.Event) -> Needs:
    """What must be at hand to fold `event`: postcodes, slots, claims' keys."""
    if isinstance(event, events.LineReconsidered):
        return Needs(keys=frozenset((event.claim,)))
    if isinstance(event, events.ReturnWithdrawn):
        return Needs(slots=frozenset(((event.period, event.party_id),)))
    if isinstance(event, events.ReturnReceived):
        return _needs_of_return(state, event)
    return Needs()


def facts(state: State, wanted: Needs, lines: Lines, world: World) -> Facts:
    """The foreign facts that folding the event of these needs uses, and no others."""
    touched = set(wanted.keys)
    for slot in wanted.slots:
        touched.update(line.claim.key for line in lines.in_slot(slot).values() if line.claim)
    other_claims = {}
    for key in sorted(touched):
        if others := world.claims.of_others(key, state.contract_id):
            other_claims[key] = others
    postcodes = {}
    for edition, postcode in sorted(wanted.postcodes):
        name = places.fact_key(edition, postcode)
        if (fact := world.directory.get(name)) is not None:
            postcodes[name] = fact
    return Facts(postcodes, other_claims)


def newly_known(state: State, event: events.Event, world: World) -> calendar.Late:
    """Which holidays a contract hears of with this event: those that are known on its day."""
    if not world.holidays:  # as nearly always
        return ()
    today = calendar.london_day(event.occurred_at)
    return tuple(
        each
        for authority_id, each in world.holidays
        if authority_id in (state.authority_id, events.INSTALLATION)
        and each.known_from <= today
        and each not in state.holidays
    )


def keys(state: State, lines: Iterable[Line]) -> set[str]:
    """The keys of what current lines claim, with those of their people's other references."""
    joined = people.Joined(state.links)
    found: set[str] = set()
    for line in lines:
        if line.claim is not None:
            what = checks.Claimed(line.claim.sort, line.claim.key, line.person)
            found.update(_keys_of(state, what, line.commitment_id, joined))
    return found


def _keys_of(
    state: State, claimed: checks.Claimed, commitment_id: str, joined: people.Joined
) -> Iterator[str]:
    """A line that joins a person's references, or parts them, touches all that the person is
    claimed for."""
    if claimed.person is None:
        yield claimed.key
        return
    references = joined.reached(claimed.person)
    of_people = [checks.OfPeople(claimed.sort, commitment_id)]
    if claimed.person.shared_id is not None:
        of_people = checks.of_people(state)
    for what in of_people:
        yield from checks.person_keys(state, what, references)


def _needs_of_return(state: State, event: events.ReturnReceived) -> Needs:
    postcodes: set[tuple[str, str]] = set()
    found: set[str] = set()
    joined = people.Joined(state.links)
    for line in event.lines:
        version = checks.version_to_check(state, line)
        if version is None:
            continue
        if version.area and (place := checks.area_key(version, line)) is not None:
            postcodes.add(place)
        what = checks.claimed(state, version, line)
        if what is not None and version.state == "active":
            found.update(_keys_of(state, what, line.commitment_id, joined))
    slots = frozenset(((event.period, event.party_id),))
    return Needs(frozenset(postcodes), slots, frozenset(found))
