"""Builders for verification's domain: contracts, returns, days, and a council that takes them in.

`Council` is the handler's three beats without a database: gather, decide, apply. Only those lines
are at hand that an event is said to need.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from services.verification.domain import fold, places, state, world
from services.verification.domain.lines import Line, Lines, Result
from services.verification.domain.state import Decisions, Facts, State
from services.verification.domain.world import World
from shared import calendar, identifiers
from shared.wire import events, ids

AUTHORITY = "GB-LAE-KWL"
SUPPLIER = "GB-COH-00000001"
LONDON = ZoneInfo("Europe/London")
EDITION = "sample-1"
KNOWSLEY = {"gss": ["E08000011"], "edition": EDITION}


def at(day: str, hour: int = 12) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(hour), LONDON).astimezone(UTC)


def head(*parts: object, day: str) -> dict[str, Any]:
    return {
        "event_id": ids.derived("test", *parts),
        "authority_id": AUTHORITY,
        "occurred_at": at(day),
    }


def registered(
    contract_id: str = "C1",
    starts_on: str = "2026-10-01",
    ends_on: str = "2028-09-30",
    suppliers: tuple[str, ...] = (SUPPLIER,),
) -> events.ContractRegistered:
    return events.ContractRegistered(
        **head("registered", contract_id, day=starts_on),
        contract_id=contract_id,
        version=1,
        supplier_ids=suppliers,
        starts_on=date.fromisoformat(starts_on),
        ends_on=date.fromisoformat(ends_on),
    )


def commitment(contract_id: str = "C1", version: int = 1, **figures: Any) -> Any:
    """A commitment in force from the contract's start: £600,000 local spend unless told."""
    values: dict[str, Any] = {
        "commitment_id": "spend",
        "version": version,
        "state": "active",
        "measure": "local-spend",
        "kind": "sum",
        "unit": "GBP",
        "target": "600000",
        "profile": {"kind": "linear", "from": "2026-10-01", "to": "2028-09-30"},
    }
    return events.CommitmentChanged(
        **head("commitment", contract_id, figures.get("commitment_id"), version, day="2026-10-01"),
        contract_id=contract_id,
        contract_version=2,
        commitment=msgspec.convert(values | figures, events.CommitmentVersion),
        proposed_by="manager",
        approved_by="approver",
    )


def line(line_id: str = "1", quantity: str = "1", /, **figures: Any) -> dict[str, Any]:
    return {
        "line_id": line_id,
        "commitment_id": "spend",
        "quantity": quantity,
        "unit": "GBP",
        **figures,
    }


def invoice(number: str = "INV-1", net_total: str = "10000", **figures: Any) -> dict[str, Any]:
    return {
        "payer_id": SUPPLIER,
        "payee_id": "GB-COH-00000002",
        "number": number,
        "net_total": net_total,
        **figures,
    }


def return_id(
    period: str, revision: int = 1, contract_id: str = "C1", party_id: str = SUPPLIER
) -> UUID:
    """The id of a revision of `returned`, and of its event."""
    return ids.derived("return", contract_id, party_id, period, revision)


def returned(
    receipt_no: int, period: str = "2026-10", *lines: dict[str, Any], **figures: Any
) -> events.ReturnReceived:
    """A return with its receipt; `day` is when it was accepted. It supersedes the revision before
    it."""
    contract_id = figures.pop("contract_id", "C1")
    revision, party_id = figures.pop("revision", 1), figures.pop("party_id", SUPPLIER)
    own_id = return_id(period, revision, contract_id, party_id)
    before = return_id(period, revision - 1, contract_id, party_id) if revision > 1 else None
    day = figures.pop("day", f"{period}-28")
    given = [{"from": f"{period}-12"} | each for each in lines]
    return msgspec.convert(
        {
            "type": "ReturnReceived",
            **head("return", receipt_no, day=day),
            "event_id": own_id,
            "contract_id": contract_id,
            "return_id": own_id,
            "receipt_no": receipt_no,
            "party_id": party_id,
            "period": period,
            "revision": revision,
            "supersedes": before,
            "nil": not lines,
            "lines": given,
            **figures,
        },
        events.ReturnReceived,
    )


def withdrawn(receipt_no: int, of: events.ReturnReceived, day: str) -> events.ReturnWithdrawn:
    return events.ReturnWithdrawn(
        **head("withdrawal", receipt_no, day=day),
        contract_id=of.contract_id,
        return_id=of.return_id,
        receipt_no=receipt_no,
        party_id=of.party_id,
        period=of.period,
        revision=of.revision,
    )


def day_ended(day: date | str, partition: int = 0) -> events.DayEnded:
    ended = date.fromisoformat(day) if isinstance(day, str) else day
    return events.DayEnded(
        event_id=ids.derived("day", ended, partition),
        authority_id=AUTHORITY,
        occurred_at=datetime.combine(ended + timedelta(days=1), time(), LONDON).astimezone(UTC),
        day=ended,
        partition=partition,
    )


def place(
    postcode: str,
    district: str = "E08000011",
    introduced: str = "1980-01",
    terminated: str | None = None,
) -> tuple[str, places.PlaceFact]:
    key = places.fact_key(EDITION, identifiers.postcode(postcode) or postcode)
    return key, places.PlaceFact((district,), introduced, terminated, EDITION)


class Council:
    """Contracts side by side, with the claims between them. What a fold posts is kept."""

    def __init__(self, directory: Iterable[tuple[str, places.PlaceFact]] = ()) -> None:
        self.states: dict[str, State] = {}
        self.table: dict[str, dict[tuple[str, str, str], Line]] = {}
        """The rows as a database would hold them."""
        self.world = World(dict(directory))
        self.journal: dict[str, list[tuple[fold.Input, Facts]]] = {}
        self.known: set[UUID] = set()
        """The returns that it has received."""
        self.outcomes: list[Any] = []
        self.alerts: list[Any] = []
        self.reconsider: deque[Any] = deque()

    def declare(self, day: str, known_from: str, authority_id: str = AUTHORITY) -> None:
        """A bank holiday that is declared late."""
        late = calendar.LateHoliday(date.fromisoformat(day), date.fromisoformat(known_from))
        declared = (*self.world.holidays, world.Declared(authority_id, late))
        self.world = dataclasses.replace(self.world, holidays=declared)

    def receive(self, *inputs: Any) -> list[Decisions]:
        return [self._receive(event) for event in inputs]

    def file(self, *returns: events.ReturnReceived) -> None:
        """Each return, and then the end of its month for every contract."""
        for each in returns:
            self._receive(each)
            self.end_month(each.period)

    def end_month(self, period: str) -> None:
        for contract_id in self.states:
            self.end(contract_id, calendar.last_day(period))

    def days(self, first: str, last: str) -> None:
        """End each day from `first` to `last`, for every contract."""
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            for contract_id in self.states:
                self.end(contract_id, day)
            day += timedelta(days=1)

    def settle(self) -> None:
        """Hand on what one contract's claims mean for another until nothing is left."""
        while self.reconsider:
            self._receive(self.reconsider.popleft())

    def sums(self, contract_id: str = "C1", commitment_id: str = "spend") -> state.Sums:
        return self.states[contract_id].commitments[commitment_id].total

    def ratings(self, commitment_id: str = "spend") -> list[tuple[str, str]]:
        """(period, rating) in the order in which they were given."""
        return [
            (each.period, each.rating)
            for outcome in self.outcomes
            for each in getattr(outcome, "assessments", ())
            if each.commitment_id == commitment_id
        ]

    def moves(self) -> list[tuple[str, str]]:
        """(to, reason) of every case that moved."""
        return [(o.moved_to, o.reason) for o in self.outcomes if o.type == "CaseMoved"]

    def rows(self, contract_id: str = "C1") -> list[Line]:
        return list(self.table.get(contract_id, {}).values())

    def results(self, contract_id: str = "C1") -> dict[tuple[str, str, str], Result]:
        return {row.id: row.result for row in self.rows(contract_id)}

    def end(self, contract_id: str, day: date) -> Decisions:
        return self._fold(contract_id, day_ended(day))

    def _receive(self, event: Any) -> Decisions:
        return self._fold(event.contract_id, event)

    def _fold(self, contract_id: str, event: Any) -> Decisions:
        before = self.states.get(contract_id)
        assert fold.refusal(before, event, self.known) is None
        if isinstance(event, events.ReturnReceived):
            self.known.add(event.return_id)
        table = self.table.setdefault(contract_id, {})
        lines, facts = Lines(), Facts()
        if before is not None:
            wanted = world.needs(before, event)
            lines.put(row for row in table.values() if row.slot in wanted.slots)
            keys = wanted.keys | world.keys(before, lines.all())
            lines.put(row for row in table.values() if row.claim and row.claim.key in keys)
            facts = world.facts(before, wanted, lines, self.world)
            late = world.newly_known(before, event, self.world)
            facts = msgspec.structs.replace(facts, holidays=late)
        after, decisions = fold.fold(before, event, facts, lines)
        self.states[contract_id] = after
        self.journal.setdefault(contract_id, []).append((event, facts))
        for row in decisions.lines_gone:
            del table[row.id]
        table.update((row.id, row) for row in decisions.lines_put)
        self.world.claims.drop(decisions.claims_gone)
        self.world.claims.put(decisions.claims_put)
        self.outcomes.extend(decisions.outcomes)
        decisions.alerts = list(decisions.alerts)
        self.alerts.extend(decisions.alerts)
        self.reconsider.extend(decisions.reconsider)
        return decisions
