"""The oracle: what must be stored at the end, computed from the workload alone, in plain Python.

Promises: it shares no code with the services. It checks the sums by contract and commitment, that
no line is there twice or missing, and the tree's root, which it computes from the leaves with
hashlib alone. If anything differs, the arm has no figure (BrokenArmError).
"""

from __future__ import annotations

import collections
import hashlib
import json
from collections.abc import Iterable
from decimal import Decimal

import asyncpg

from . import ground, workload

Sums = dict[tuple[str, str], Decimal]
"""By contract and commitment."""


def expected(plans: Iterable[workload.Plan]) -> Sums:
    """The sums that the plans' returns come to."""
    sums: Sums = collections.defaultdict(Decimal)
    for plan in plans:
        for each in workload.returns(plan):
            for line in each.lines:
                sums[each.contract_id, line.commitment_id] += line.quantity
    return dict(sums)


async def check_lines(dsn: str, table: str, plan: workload.Plan) -> None:
    """Checks that `table` has every line once, and the right sums."""
    connection = await asyncpg.connect(dsn)
    try:
        lines = await connection.fetchval(f"SELECT count(*) FROM {table}")
        distinct = await connection.fetchval(
            f"SELECT count(DISTINCT (contract_id, period, line_id)) FROM {table}"
        )
        rows = await connection.fetch(
            f"SELECT contract_id, commitment_id, sum(counted) FROM {table} GROUP BY 1, 2"
        )
    finally:
        await connection.close()
    _must_equal("lines", lines, len(plan) * workload.LINES)
    _must_equal("lines without repeats", distinct, lines)
    _must_equal("sums", {(row[0], row[1]): row[2] for row in rows}, expected([plan]))


async def check_chain(dsn: str, plan: workload.Plan) -> None:
    """Checks the monolith's chain: each return's bytes once, each hash over the one before."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT hash, body FROM monolith_chain ORDER BY idx")
    finally:
        await connection.close()
    before = b""
    for row in rows:
        before = hashlib.sha256(before + row["body"]).digest()
        _must_equal("hash", row["hash"], before)
    posted = collections.Counter(workload.post(each) for each in workload.returns(plan))
    _must_equal("bodies", collections.Counter(row["body"] for row in rows), posted)


async def check_log(dsn: str, plans: list[workload.Plan], published_root: bytes) -> None:
    """Checks our log: each return of the plans is one entry, and so is the decision on it. The sums
    are right, and the stored leaves hash to the published root."""
    connection = await asyncpg.connect(dsn)
    leaves: list[bytes] = []
    found: Sums = collections.defaultdict(Decimal)
    entries: collections.Counter[tuple[str, str, str]] = collections.Counter()
    planned = {contract_id for plan in plans for contract_id in plan.contract_ids}
    try:
        async with connection.transaction():
            async for row in connection.cursor("SELECT leaf FROM ledger.entry ORDER BY idx"):
                leaves.append(row["leaf"])
    finally:
        await connection.close()
    for leaf in map(json.loads, leaves):
        if leaf.get("contract_id") not in planned or not leaf["type"].startswith("Return"):
            continue
        entries[leaf["type"], leaf["contract_id"], leaf["period"]] += 1
        if leaf["type"] == "ReturnChecked":
            for commitment_id, facts in leaf["facts"]["commitments"].items():
                found[leaf["contract_id"], commitment_id] += Decimal(facts["counted"])
    wanted = collections.Counter(
        (name, each.contract_id, each.period)
        for plan in plans
        for each in workload.returns(plan)
        for name in ("ReturnReceived", "ReturnChecked")
    )
    _must_equal("entries", entries - wanted, wanted - entries)
    _must_equal("sums", dict(found), expected(plans))
    _must_equal("root", published_root.hex(), root(leaves).hex())


def root(leaves: Iterable[bytes]) -> bytes:
    """The root of an RFC 6962 tree, from a stack of complete subtrees (size, hash)."""
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        stack.append((1, hashlib.sha256(b"\x00" + leaf).digest()))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            size, right = stack.pop()
            _, left = stack.pop()
            stack.append((2 * size, hashlib.sha256(b"\x01" + left + right).digest()))
    if not stack:
        return hashlib.sha256(b"").digest()
    _, whole = stack.pop()
    while stack:
        whole = hashlib.sha256(b"\x01" + stack.pop()[1] + whole).digest()
    return whole


def _must_equal(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise ground.BrokenArmError(f"{what}: {str(found)[:300]} instead of {str(wanted)[:300]}")
