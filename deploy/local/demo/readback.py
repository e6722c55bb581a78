"""The books read back: the public interfaces, the topics, and the log verified without the system.

Promises: nothing is taken from a database or a domain. What is waited for is the ledger: it is the
last to hear of anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from deploy.local.demo import facts, outside, proof
from deploy.local.demo.listener import Listener, NotSeenError
from deploy.local.demo.outside import Outside
from deploy.local.demo.play import FACT_SECONDS_MAX, Played
from deploy.local.demo.sample import Happening, Sample
from shared.wire import events

ALERT: Final = ("kind", "contract_id", "commitment_id", "period")
CASE: Final = ("kind", "contract_id", "commitment_id", "period", "state")


@dataclass(slots=True)
class Books:
    """What was seen, for the facts; and the same in the interfaces' own words, to be shown."""

    seen: facts.Seen
    performance: list[dict[str, Any]] = field(default_factory=list)
    """By contract, as the interface gives it."""
    alerts: list[dict[str, Any]] = field(default_factory=list)
    """The newest first."""
    cases: list[dict[str, Any]] = field(default_factory=list)
    queried: list[dict[str, Any]] = field(default_factory=list)
    not_counted: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[tuple[Happening, dict[str, Any]]] = field(default_factory=list)
    """What was refused over HTTP, with the answer."""
    proof: proof.Proof = field(default_factory=proof.Proof)


async def read(
    here: Outside, heard: Listener, sample: Sample, played: Played, exported: Path
) -> Books:
    """Everything, once the ledger has recorded what is expected, or has had the time for it. The
    log's export goes to the file `exported`."""
    await _settle(here, sample)
    seen = facts.Seen(is_repeat_harmless=played.is_repeat_harmless)
    books = Books(seen, refusals=played.refusals)
    for contract in sample.contracts:
        at = f"verification/api/v1/contracts/{contract['contract_id']}/performance"
        books.performance.append(await here.ask("manager", "GET", at))
    books.alerts = await here.all("manager", "verification/api/v1/alerts")
    books.cases = await here.all("manager", "verification/api/v1/cases")
    books.queried = await here.all("manager", "verification/api/v1/lines", state="queried")
    returns = await here.all("manager", "intake/api/v1/returns")
    entries = await here.all("auditor", "ledger/api/v1/entries")
    books.proof = await proof.verify(here, exported)
    seen.shown = dict(_shown(books.performance))
    seen.known = await _known(here, sample)
    seen.alerts = Counter(tuple(each[name] for name in ALERT) for each in books.alerts)
    seen.cases = {tuple(each[name] for name in CASE) for each in books.cases}
    books.not_counted = await _not_counted(here, returns)
    seen.lines = _lines(books.queried + books.not_counted)
    seen.receipts = max((int(each["receipt_no"]) for each in returns), default=0)
    seen.entries = Counter(each["leaf"]["type"] for each in entries)
    seen.proved = books.proof.size if books.proof.holds else 0
    _hear(seen, heard)
    return books


async def _settle(here: Outside, sample: Sample) -> None:
    """Waits until the signed log has as many entries as are expected. Where it stays short, what is
    missing is told with the facts."""
    wanted = sum(sample.expected["entries"].values())

    async def is_recorded() -> bool:
        log = await here.ask("auditor", "GET", "ledger/api/v1/log")
        return bool(log["size"] >= wanted)

    try:
        await outside.until(is_recorded, f"{wanted} entries in the signed log", FACT_SECONDS_MAX)
    except NotSeenError:
        return


def _shown(
    performance: list[dict[str, Any]],
) -> Iterator[tuple[tuple[str, str, str], facts.Figures]]:
    for contract in performance:
        for promise in contract["commitments"]:
            for each in promise["assessments"]:
                key = (contract["contract_id"], promise["commitment_id"], each["period"])
                exact = Fraction(each["expected_exact"])
                counted, waiting = Fraction(each["counted"]), Fraction(each["queried"])
                yield key, facts.Figures(exact, counted, waiting, each["rating"], each["reason"])


async def _known(here: Outside, sample: Sample) -> dict[tuple[str, str, str, str], facts.Figures]:
    """What was known at the end of the days that are asked about."""
    found: dict[tuple[str, str, str, str], facts.Figures] = {}
    for day, contract_id, *_ in sample.expected["as_at"]:
        at = f"verification/api/v1/contracts/{contract_id}/performance"
        then = await here.ask("auditor", "GET", at, params={"as_at": day})
        found.update(((day, *key), figures) for key, figures in _shown([then]))
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


async def _not_counted(here: Outside, returns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines that count nothing, as their suppliers are told by intake."""
    found = []
    for each in returns:
        whole = await here.ask("manager", "GET", f"intake/api/v1/returns/{each['return_id']}")
        about = {name: whole[name] for name in ("contract_id", "period")}
        for line in whole["lines"] if whole["status"] == "checked" else ():
            if line["status"] == "not_counted":
                told = {"outcome": line["status"], "findings": line["reasons"]}
                found.append(line | about | told)
    return found


def _hear(seen: facts.Seen, heard: Listener) -> None:
    """What the topics said: each month's last assessment, alerts, refusals."""
    last: dict[tuple[str, str, str], int] = {}
    for event in heard.said:
        match event:
            case events.ReturnChecked() | events.CommitmentAssessed():
                for each in event.assessments:
                    key = (event.contract_id, each.commitment_id, each.period)
                    if each.inputs > last.get(key, 0):
                        last[key] = each.inputs
                        seen.heard[key] = _figures(each)
            case events.AlertRaised():
                seen.alerts_said[tuple(getattr(event, name) for name in ALERT)] += 1
            case events.ReturnRefused():
                seen.refusals[event.route, event.rules, event.faults] += 1


def _figures(said: events.Assessment) -> facts.Figures:
    waiting = Fraction(said.high) - Fraction(said.low)
    return facts.Figures(
        Fraction(said.expected), Fraction(said.counted), waiting, said.rating, said.reason
    )
