"""Reads the books back: from the public interfaces, the topics, and the log, verified offline.

Promises: nothing is read from a database or computed by the services' domains. It waits for the
ledger, which is the last service to hear of anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from deploy.local.demo import clients, facts, proof
from deploy.local.demo.clients import Clients
from deploy.local.demo.listener import Listener, NotSeenError
from deploy.local.demo.play import FACT_SECONDS_MAX, Played
from deploy.local.demo.sample import Happening, Sample
from shared.wire import events

ALERT: Final = ("kind", "contract_id", "commitment_id", "period")
CASE: Final = ("kind", "contract_id", "commitment_id", "period", "state")


@dataclass(slots=True)
class Books:
    """What was seen, for comparison with the facts, and as the interfaces answered, for display."""

    seen: facts.Seen
    performance: list[dict[str, Any]] = field(default_factory=list)
    """One answer for each contract."""
    alerts: list[dict[str, Any]] = field(default_factory=list)
    """The newest first."""
    cases: list[dict[str, Any]] = field(default_factory=list)
    queried: list[dict[str, Any]] = field(default_factory=list)
    not_counted: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[tuple[Happening, dict[str, Any]]] = field(default_factory=list)
    """What was refused over HTTP, with the answer."""
    proof: proof.Proof = field(default_factory=proof.Proof)


async def read(
    outside: Clients, heard: Listener, sample: Sample, played: Played, exported: Path
) -> Books:
    """Reads everything, once the ledger has recorded what is expected or has had enough time. The
    log's export is written to the file `exported`."""
    await _settle(outside, sample)
    seen = facts.Seen(is_repeat_harmless=played.is_repeat_harmless)
    books = Books(seen, refusals=played.refusals)
    for contract in sample.contracts:
        at = f"verification/api/v1/contracts/{contract['contract_id']}/performance"
        books.performance.append(await outside.ask("manager", "GET", at))
    books.alerts = await outside.all("manager", "verification/api/v1/alerts")
    books.cases = await outside.all("manager", "verification/api/v1/cases")
    books.queried = await outside.all("manager", "verification/api/v1/lines", state="queried")
    returns = await outside.all("manager", "intake/api/v1/returns")
    entries = await outside.all("auditor", "ledger/api/v1/entries")
    books.proof = await proof.verify(outside, exported)
    seen.shown = dict(_shown(books.performance))
    seen.known = await _known(outside, sample)
    seen.alerts = Counter(tuple(each[name] for name in ALERT) for each in books.alerts)
    seen.cases = {tuple(each[name] for name in CASE) for each in books.cases}
    books.not_counted = await _not_counted(outside, returns)
    seen.lines = _lines(books.queried + books.not_counted)
    seen.receipts = max((int(each["receipt_no"]) for each in returns), default=0)
    seen.entries = Counter(each["leaf"]["type"] for each in entries)
    seen.proved = books.proof.size if books.proof.holds else 0
    _hear(seen, heard)
    return books


async def _settle(outside: Clients, sample: Sample) -> None:
    """Waits until the signed log has as many entries as expected. If it never does, the facts will
    tell what is missing."""
    wanted = sum(sample.expected["entries"].values())

    async def is_recorded() -> bool:
        log = await outside.ask("auditor", "GET", "ledger/api/v1/log")
        return bool(log["size"] >= wanted)

    try:
        await clients.until(is_recorded, f"{wanted} entries in the signed log", FACT_SECONDS_MAX)
    except NotSeenError:
        return


def _shown(performance: list[dict[str, Any]]) -> Iterator[tuple[facts.Month, facts.Figures]]:
    for contract in performance:
        for commitment in contract["commitments"]:
            for each in commitment["assessments"]:
                ids = contract["contract_id"], commitment["commitment_id"]
                exact = Fraction(each["expected_exact"])
                counted, waiting = Fraction(each["counted"]), Fraction(each["queried"])
                figures = facts.Figures(exact, counted, waiting, each["rating"], each["reason"])
                yield facts.Month(*ids, each["period"]), figures


async def _known(outside: Clients, sample: Sample) -> dict[tuple[str, facts.Month], facts.Figures]:
    """What was known at the end of the days for which there are expected figures."""
    found: dict[tuple[str, facts.Month], facts.Figures] = {}
    for day, contract_id, *_ in sample.expected["as_at"]:
        at = f"verification/api/v1/contracts/{contract_id}/performance"
        then = await outside.ask("auditor", "GET", at, params={"as_at": day})
        found.update(((day, month), figures) for month, figures in _shown([then]))
    return found


def _lines(lines: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    return {
        (
            line["contract_id"],
            line["period"],
            line["line_id"],
            line["outcome"],
            finding["rule"],
            finding["code"],
        )
        for line in lines
        for finding in line["findings"]
    }


async def _not_counted(outside: Clients, returns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines that do not count, as intake tells their suppliers."""
    found = []
    for each in returns:
        whole = await outside.ask("manager", "GET", f"intake/api/v1/returns/{each['return_id']}")
        about = {name: whole[name] for name in ("contract_id", "period")}
        for line in whole["lines"] if whole["status"] == "checked" else ():
            if line["status"] == "not_counted":
                result = {"outcome": line["status"], "findings": line["reasons"]}
                found.append(line | about | result)
    return found


def _hear(seen: facts.Seen, heard: Listener) -> None:
    """Adds what the topics said: each month's last assessment, alerts, refusals."""
    last: dict[facts.Month, int] = {}
    for event in heard.events:
        match event:
            case events.ReturnChecked() | events.CommitmentAssessed():
                for each in event.assessments:
                    month = facts.Month(event.contract_id, each.commitment_id, each.period)
                    if each.inputs > last.get(month, 0):
                        last[month] = each.inputs
                        seen.heard[month] = _figures(each)
            case events.AlertRaised():
                seen.alerts_heard[tuple(getattr(event, name) for name in ALERT)] += 1
            case events.ReturnRefused():
                seen.refusals[event.route, event.rules, event.faults] += 1


def _figures(each: events.Assessment) -> facts.Figures:
    waiting = Fraction(each.high) - Fraction(each.low)
    return facts.Figures(
        Fraction(each.expected), Fraction(each.counted), waiting, each.rating, each.reason
    )
