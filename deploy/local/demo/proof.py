"""Proves the log offline, from an export and the log's public key alone.

Promises: the file is what any auditor downloads. It is kept for `makegood verify`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local.demo.clients import Clients
from services.ledger.audit import audit, export
from services.ledger.domain.log import notes

_CHECKED: Final = {
    "checkpoint": "signed checkpoint",
    "leaves": "entries",
    "contracts": "contracts' chains",
    "sources": "sources without a gap",
    "payloads": "events that match their entries",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What the offline verifier found: how many entries, and whether every check passed."""

    size: int = 0
    holds: bool = False
    words: str = "nothing was verified"


async def verify(outside: Clients, file: Path) -> Proof:
    """Downloads the auditor's export to `file`, and audits it with the log's public key."""
    log = await outside.ask("auditor", "GET", "ledger/api/v1/log")
    answer = await outside.answer("auditor", "GET", "ledger/api/v1/export.jsonl")
    if not answer.is_success:
        return Proof(words=f"the export failed: {answer.text[:500]}")
    file.touch(mode=0o600)
    file.chmod(0o600)  # from a run before
    file.write_bytes(answer.content)
    return await asyncio.to_thread(_audit, file, str(log["verifier_key"]))


def _audit(file: Path, verifier_key: str) -> Proof:
    try:
        pack = export.read(file)
        key = notes.parse_verifier_key(verifier_key)
        report = audit.check(pack.export, key, origin=pack.origin)
    except ValueError as error:
        return Proof(words=str(error))
    if not report.holds:
        failures = [failure for check in report.checks for failure in check.failures]
        return Proof(words="; ".join(f"{each.place}: {each.what}" for each in failures[:5]))
    size = report.checkpoint.size if report.checkpoint else 0
    words = ", ".join(f"{check.checked} {_CHECKED[check.name]}" for check in report.checks)
    return Proof(size, holds=True, words=f"{words} ({pack.origin})")
