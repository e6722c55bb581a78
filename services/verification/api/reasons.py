"""Why lines count or do not, in words for whoever reads them.

Promises: one query for a page of lines. The claim that goes first is named to the council of the
authority that both belong to, and to the supplier whose own it is; anybody else is told only that
there is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.verification import store
from services.verification.domain import announcements, claims
from services.verification.domain.lines import Finding, Line
from shared import findings, sql
from shared.web.scope import Scope


@dataclass(frozen=True, slots=True)
class Reasons:
    """What is said of the lines of a page."""

    reader: findings.Reader
    party_id: str | None
    """The supplier who reads."""
    claims: Mapping[str, list[claims.Claim]]
    """By what is claimed."""
    names: Mapping[str, str | None]
    """Of parties."""

    def of(self, line: Line) -> list[dict[str, Any]]:
        """The findings of a line."""
        return [
            findings.shown(announcements.finding(each), self.reader, self._about(line, each))
            for each in line.result.findings
        ]

    def about(self, line: Line) -> findings.About:
        """What is contested of a line, and the claim that goes first."""
        contested = (e for e in line.result.findings if e.code in findings.CONTESTED)
        found = next(contested, None)
        return findings.About(line.thing) if found is None else self._about(line, found)

    def _about(self, line: Line, found: Finding) -> findings.About:
        if line.claim is None or found.code not in findings.CONTESTED:
            return findings.About(line.thing)
        others = self.claims.get(line.claim.key, [])
        other = claims.ahead(line.claim, found.code, found.wanted, others)
        if other is None or self.party_id not in (None, other.party_id):
            return findings.About(line.thing)
        named = findings.Claim(
            receipt_no=other.receipt_no,
            contract_id=other.contract_id,
            period=other.period,
            line_id=other.line_id,
            party_id=other.party_id,
            party_name=self.names.get(other.party_id),
        )
        return findings.About(line.thing, named)


async def load(pool: sql.Pool, of: Scope, lines: Iterable[Line]) -> Reasons:
    """What it takes to give the reasons of these lines to a reader of this scope."""
    keys = {
        line.claim.key
        for line in lines
        if line.claim is not None
        and any(each.code in findings.CONTESTED for each in line.result.findings)
    }
    found = await store.reading.load_claims(pool, of, keys) if keys else []
    by_key: dict[str, list[claims.Claim]] = {}
    for claim, _ in found:
        by_key.setdefault(claim.key, []).append(claim)
    reader: findings.Reader = "council" if of.party_id is None else "supplier"
    return Reasons(reader, of.party_id, by_key, {claim.party_id: name for claim, name in found})
