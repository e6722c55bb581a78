"""What stands of a contract after all releases of a file: the newest tells.

Promises: pure. The order of a file's releases makes no difference: they go by date, then by id. All
that an older release tells and no newer one repeats is kept (its metrics) or says which release
came later.
Refuses: one of two releases with the same date and id that say different things.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from services.verification.register import addresses
from services.verification.register.agreed_metrics import Metric
from services.verification.register.ocds import Award, Ended, Told
from services.verification.register.things import Fault
from services.verification.register.written import Unsaid, Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A contract of the register, as a file tells it."""

    contract_id: str
    told: Told | Written | Unsaid
    metrics: tuple[Metric, ...]
    release: Release | None = None
    """None: nobody published it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Which contract of which award is told, and by which release."""

    ocid: str
    award_id: str
    is_further: bool
    """The award's first contract has the award's id, every further one an id of its own."""
    at: datetime
    id: str


class Key(NamedTuple):
    """What makes releases tell of the same award."""

    ocid: str
    award_id: str


def by_award(awards: Iterable[Award]) -> dict[Key, list[Award]]:
    found: dict[Key, list[Award]] = collections.defaultdict(list)
    for award in awards:
        if award.told:
            found[Key(award.ocid, award.award_id)].append(award)
    return found


def contract_ids(key: Key, awards: Iterable[Award]) -> list[str]:
    """The ids that contracts of an award may have in the register."""
    further = (addresses.contract_id(*key, each) for each in _signed_ids(awards))
    return [addresses.contract_id(*key), *further]


def settle(key: Key, awards: list[Award], registered: Mapping[str, str]) -> list[Entry]:
    """What stands of an award. `registered`: which of its contracts the register has, by their ids
    there. The one that has the award's id keeps it; if there is none, the first by id gets it."""
    signed_ids = _signed_ids(awards)
    first = registered.get(addresses.contract_id(*key)) or min(signed_ids, default=None)
    told: dict[str, list[_Dated]] = collections.defaultdict(list)
    ended = [
        _Dated(award, each, award.metrics)
        for award in awards
        for each in award.told
        if isinstance(each, Ended) and each.signed_id is None
    ]
    for award in awards:
        main = next((each for each in award.told if each.signed_id == first), award.told[0])
        for each in award.told:
            signed_id = None if each.signed_id == first else each.signed_id
            dated = _Dated(award, each, award.metrics if each is main else ())
            told[addresses.contract_id(*key, signed_id)].append(dated)
    if ended:  # with their award all its contracts end, also those that the release does not name
        newest = max(ended, key=_order)
        for signed_id in signed_ids.union(registered.values()) - {first}:
            told[addresses.contract_id(*key, signed_id)].append(newest)
    return [_entry(key, contract_id, each) for contract_id, each in told.items()]


def _signed_ids(awards: Iterable[Award]) -> set[str]:
    return {each.signed_id for award in awards for each in award.told if each.signed_id}


class _Dated(NamedTuple):
    award: Award
    told: Told
    metrics: tuple[Metric, ...]
    """Of the award, if this contract has them."""


def _entry(key: Key, contract_id: str, told: list[_Dated]) -> Entry:
    if len(told) > 1:
        told = sorted(told, key=_order)
    newest = told[-1]
    metrics = _metrics(told)
    for older in told[:-1]:
        _succeed(older, newest)
    release = Release(
        ocid=key.ocid,
        award_id=key.award_id,
        is_further=contract_id != addresses.contract_id(*key),
        at=newest.award.released_at,
        id=newest.award.release.id or "",
    )
    return Entry(contract_id=contract_id, told=newest.told, metrics=metrics, release=release)


def _order(dated: _Dated) -> tuple[datetime, str, bytes]:
    """By date, then by id; releases that share both go by what they say, in any order."""
    release = dated.award.release
    return dated.award.released_at, release.id or "", release.digest()


def _succeed(older: _Dated, newest: _Dated) -> None:
    thing, before, after = older.told.thing, older.award.release, newest.award.release
    is_same_moment = older.award.released_at == newest.award.released_at
    if before.digest() == after.digest():
        thing.skip_alone("the same release is there again", after.place)
    elif is_same_moment and before.id == after.id:
        reason = "another release has the same id and date, and says something else"
        thing.fault(Fault(f"{before.place}/id", before.id, reason, _OWN_ID))
    else:
        thing.skip_alone("a later release tells of it", after.place)


_OWN_ID: Final = "Give each its own id."


def _metrics(told: list[_Dated]) -> tuple[Metric, ...]:
    """Each metric as the newest release with it has it. The others say why they are left out."""
    found: dict[str, Metric] = {}
    ended = newest.reason if isinstance(newest := told[-1].told, Ended) else None
    for dated in reversed(told):
        own: dict[str, Metric] = {}
        of_contract = () if isinstance(dated.told, Ended) else dated.told.metrics
        for metric in (*dated.metrics, *of_contract):
            thing, twin = metric.thing, own.get(metric.commitment_id)
            if thing.fate is not None:
                continue
            if ended is not None:
                thing.skip(ended)
            elif twin is None:
                own[metric.commitment_id] = metric
            elif twin.thing.digest() == thing.digest():
                thing.skip("its award has it too, word for word")
            else:
                reason = "its award has another metric with the same id"
                thing.fail(Fault(f"{thing.place}/id", thing.id, reason, _OWN_ID))
        for commitment_id, metric in own.items():
            if commitment_id in found:
                metric.thing.skip_alone(
                    "a later release tells of it", found[commitment_id].thing.place
                )
            else:
                found[commitment_id] = metric
    return tuple(found.values())
