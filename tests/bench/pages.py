"""`python -m tests.bench.pages [--contracts 500] [--keep FOLDER] [--csv FILE]`: what pages cost.

Every page that a supplier with 20 contracts, a contract manager, an approver or an auditor can
reach by links from their desks is opened: up to `EXAMPLES` addresses of each route. For each it
says how long it takes (p50, p95), what it takes of this process's CPU, how many queries it sends
and how large its HTML is, and which are above the budget. The ground is that of `pages_ground`:
one PostgreSQL, no broker, the three apps in this process.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import html.parser
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urljoin, urlsplit

import rich.console
import rich.table
from fastapi import FastAPI

from deploy.local.servers import both
from shared import log
from shared.pages import site
from shared.web import auth
from tests.bench import pages_ground
from tests.support.visitors import Visitor, counted

SECONDS_MAX: Final = 0.1
QUERIES_MAX: Final = 6
HTML_BYTES_MAX: Final = 60_000
ROUNDS: Final = 15
EXAMPLES: Final = 2
PAGES_MAX: Final = 400
"""Of one person: a crawl ends."""
AUTHORITY: Final = pages_ground.AUTHORITY
PEOPLE: Final[Mapping[str, tuple[site.Name, auth.Caller]]] = {
    "supplier": ("supplier", auth.Caller("s", "supplier", AUTHORITY, pages_ground.party(0))),
    "manager": ("council", auth.Caller("priya-nair@GB-LAE-KWL", "manager", AUTHORITY)),
    "approver": ("council", auth.Caller("sam-pike@GB-LAE-KWL", "approver", AUTHORITY)),
    "auditor": ("record", auth.Caller("iain-reid@GB-LAE-KWL", "auditor", AUTHORITY)),
}
"""Where each begins."""
START: Final[Mapping[site.Name, str]] = {"supplier": "/", "council": "/", "record": "/"}


class Address(NamedTuple):
    """A page: of which site, and where."""

    site: site.Name
    path: str


class Kind(NamedTuple):
    """Pages that cost alike: one route, narrowed down by the same parameters."""

    who: str
    site: site.Name
    route: str


@dataclass(frozen=True, slots=True)
class Cost:
    """What one page costs."""

    path: str
    p50: float
    p95: float
    cpu: float
    queries: int
    html_bytes: int

    @property
    def above(self) -> str:
        """What of the budget it exceeds, in words."""
        parts = (
            ("time", self.p95 > SECONDS_MAX),
            ("queries", self.queries > QUERIES_MAX),
            ("size", self.html_bytes > HTML_BYTES_MAX),
        )
        return ", ".join(name for name, is_above in parts if is_above)


class Links(html.parser.HTMLParser):
    """Where a page leads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href and not href.startswith("#"):
            self.found.append(href)


async def main(contracts: int, keep: Path | None, into: Path | None) -> int:
    """Returns the exit code: 1 if a page is above the budget."""
    console = rich.console.Console()
    console.width = max(console.width, 150)
    folder = keep or Path(tempfile.mkdtemp(prefix="makegood-pages-"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)
    servers = both.Servers(folder / "state", bootstrap="127.0.0.1:1")
    costs: dict[Kind, Cost] = {}
    try:
        async with servers:
            await pages_ground.build(servers.dsn, folder, contracts, console.print)
            async with pages_ground.opened(servers.dsn, folder) as apps:
                for who in PEOPLE:
                    costs |= await _measure(apps, who, console)
    finally:
        if keep is None:
            servers.remove()
            shutil.rmtree(folder, ignore_errors=True)
    _show(costs, console)
    if into is not None:
        _write(costs, into)
    return int(any(each.above for each in costs.values()))


# --- who can open what ---------------------------------------------------------------------------


async def _measure(
    apps: Mapping[site.Name, FastAPI], who: str, console: rich.console.Console
) -> dict[Kind, Cost]:
    """The dearest page of each kind that somebody can reach."""
    begins, caller = PEOPLE[who]
    visitors = {name: Visitor(app, caller) for name, app in apps.items()}
    found: defaultdict[Kind, list[Address]] = defaultdict(list)
    waiting = deque([Address(begins, START[begins])])
    seen, opened = set(waiting), 0
    while waiting and opened < PAGES_MAX:
        address = waiting.popleft()
        kind = Kind(who, address.site, _route(address.path))
        if len(found[kind]) >= EXAMPLES:
            continue
        answer = await visitors[address.site].get(address.path)
        opened += 1
        if answer.status_code != 200:
            console.print(f"{who}: {address.site} {address.path}: {answer.status_code}")
            continue
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        found[kind].append(address)
        for each in _leads(apps, address, answer.text):
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    costs = {}
    for kind, addresses in found.items():
        each_cost = [
            await _cost(apps[each.site], visitors[each.site], each.path) for each in addresses
        ]
        if each_cost:
            costs[kind] = max(each_cost, key=lambda cost: (bool(cost.above), cost.p50))
    return costs


def _route(path: str) -> str:
    """The kind of a page: its path without what tells one thing from another, and the names of its
    parameters."""
    parts = urlsplit(path)
    asked = ",".join(sorted({name for name, _ in parse_qsl(parts.query)}))
    steps = ("*" if re.search("[0-9]", step) else step for step in parts.path.split("/"))
    return f"{'/'.join(steps)}{'?' + asked if asked else ''}"


def _leads(apps: Mapping[site.Name, FastAPI], address: Address, text: str) -> Iterator[Address]:
    """The pages of these sites to which a page leads, but for those that sign in or out."""
    bases = {
        urlsplit(base).netloc: name
        for name, base in site.of(apps[address.site]).addresses._asdict().items()
    }
    own = next(netloc for netloc, name in bases.items() if name == address.site)
    links = Links()
    links.feed(text)
    for href in links.found:
        parts = urlsplit(urljoin(f"http://{own}{address.path}", href))
        is_ours = parts.netloc in bases and not parts.path.startswith(("/sign", "/static", "/docs"))
        if is_ours:
            query = f"?{parts.query}" if parts.query else ""
            yield Address(bases[parts.netloc], f"{parts.path}{query}")  # type: ignore[arg-type]


# --- what it costs -------------------------------------------------------------------------------


async def _cost(app: FastAPI, visitor: Visitor, path: str) -> Cost:
    times, cpu = [], []
    answer = await visitor.get(path)
    for _ in range(ROUNDS):
        began, worked = time.perf_counter(), time.process_time()
        answer = await visitor.get(path)
        cpu.append(time.process_time() - worked)
        times.append(time.perf_counter() - began)
    queries = min([await _queries(app, visitor, path) for _ in range(2)])
    return Cost(
        path=path,
        p50=statistics.median(times),
        p95=statistics.quantiles(times, n=20)[-1],
        cpu=statistics.median(cpu),
        queries=queries,
        html_bytes=len(answer.content),
    )


async def _queries(app: FastAPI, visitor: Visitor, path: str) -> int:
    dependencies = app.state.dependencies
    delivery = getattr(dependencies, "delivery", None)
    pool = dependencies.pool if delivery is None else delivery.pool
    async with counted(pool) as sent:
        await visitor.get(path)
    return len(sent)


def _show(costs: Mapping[Kind, Cost], console: rich.console.Console) -> None:
    table = rich.table.Table()
    for head in ("who", "site", "page", "p50 ms", "p95 ms", "CPU ms", "queries", "kB", "above"):
        table.add_column(head)
    for row in _rows(costs):
        table.add_row(*row)
    console.print(table)


def _write(costs: Mapping[Kind, Cost], into: Path) -> None:
    with into.open("w", newline="") as file:
        csv.writer(file).writerows(_rows(costs))


def _rows(costs: Mapping[Kind, Cost]) -> Iterator[tuple[str, ...]]:
    for kind, cost in sorted(costs.items()):
        figures = (cost.p50 * 1000, cost.p95 * 1000, cost.cpu * 1000)
        yield (
            *kind,
            *(f"{figure:.0f}" for figure in figures),
            str(cost.queries),
            f"{cost.html_bytes / 1000:.1f}",
            cost.above,
        )


if __name__ == "__main__":
    log.configure("bench", "CRITICAL")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contracts", type=int, default=500)
    parser.add_argument("--keep", type=Path, help="a folder; built once, measured again and again")
    parser.add_argument("--csv", type=Path)
    asked = parser.parse_args()
    sys.exit(asyncio.run(main(asked.contracts, asked.keep, asked.csv)))
