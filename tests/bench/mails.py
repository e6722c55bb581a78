"""`python -m tests.bench.mails [--mails 10000] [--rounds 3]`: what sending once costs.

Two arms in turn, each in a process of its own, over four connections to one mail server on this
machine: `floor` makes each mail and hands it to aiosmtplib, with nothing written down; `ours` is
the notifier, from notifications in PostgreSQL to dispatches that are marked as sent. For each arm
it says mails a second, the CPU of its process a mail, and the most memory. At the end the server
must have got each mail exactly once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiosmtplib
import asyncpg
import rich.console
import rich.table
from aiosmtpd import smtp

from deploy.local.servers import both
from services.verification import store
from shared import sql
from shared.notifier import letters
from tests.support import notifying

CONNECTIONS: Final = 4
RATIO_AIM: Final = 0.7
WAIT_S_MAX: Final = 600.0
_SERVICE: Final = "verification"


# --- the arms, each in its process ---------------------------------------------------------------


async def floor(port: int, mails: int, _dsn: str) -> float:
    """The library alone. Returns seconds."""
    numbers = iter(range(mails))

    async def work() -> None:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)
        await client.connect()
        for number in numbers:
            await client.send_message(_mail(number))
        await client.quit()

    began = time.monotonic()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return time.monotonic() - began


def _mail(number: int) -> Any:
    item = letters.Item(
        headline="shortfall_opened", sentences=(), to_do=None, link="https://council.example/"
    )
    letter = letters.Letter(
        subject="1 things",
        items=(item,),
        more=0,
        more_link="https://council.example/alerts",
        because="you follow this contract for the council",
    )
    envelope = letters.Envelope(
        dispatch_id=uuid.uuid4(),
        from_=notifying.FROM,
        name="Knowsley",
        to=f"officer-{number:05}@knowsley.example",
        reply_to=None,
        at=datetime.now(UTC),
        choices_link="https://council.example/me",
        stop_link=None,
        is_repeat=False,
    )
    return letters.mail(letter, envelope)


async def ours(port: int, mails: int, dsn: str) -> float:
    """The notifier, from what is due to what is marked as sent. Returns seconds."""
    pool = await asyncpg.create_pool(
        dsn, server_settings={"search_path": _SERVICE, "plan_cache_mode": "force_custom_plan"}
    )
    notifier = notifying.made(pool, port, connections=CONNECTIONS)
    began = time.monotonic()
    running = asyncio.create_task(notifier.run())
    async with asyncio.timeout(WAIT_S_MAX):
        while (await notifying.states(pool)).get("sent", 0) < mails:
            await asyncio.sleep(0.1)
    seconds = time.monotonic() - began
    notifier.stop()
    await running
    await pool.close()
    return seconds


ARMS: Final[dict[str, Callable[[int, int, str], Awaitable[float]]]] = {"floor": floor, "ours": ours}


def run_arm(arm: str, port: int, mails: int, dsn: str) -> None:
    """Runs an arm in this process and prints what it took, as JSON."""
    seconds = asyncio.run(_run(arm, port, mails, dsn))
    used = resource.getrusage(resource.RUSAGE_SELF)
    found = {
        "per_second": mails / seconds,
        "cpu_us": 1e6 * (used.ru_utime + used.ru_stime) / mails,
        "memory_mb": used.ru_maxrss / 1000,
    }
    print(json.dumps(found))


async def _run(arm: str, port: int, mails: int, dsn: str) -> float:
    return await ARMS[arm](port, mails, dsn)


# --- the mail server, in its process -------------------------------------------------------------


class Sink:
    """Counts mails by Message-ID."""

    def __init__(self) -> None:
        self.got: Counter[bytes] = Counter()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        head = envelope.content.partition(b"Message-ID: ")[2]
        self.got[head.partition(b"\r\n")[0]] += 1
        return "250 taken"


async def serve() -> None:
    """A mail server: it prints its port, then what it has got whenever a line comes."""
    sink = Sink()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: smtp.SMTP(sink), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        twice = sum(count > 1 for count in sink.got.values())
        print(json.dumps({"mails": len(sink.got), "twice": twice}), flush=True)
        sink.got.clear()


# --- all of it -----------------------------------------------------------------------------------


async def main(mails: int, rounds: int) -> int:
    """Returns the exit code: 1 if a mail is missing or was sent twice."""
    console = rich.console.Console()
    folder = Path(tempfile.mkdtemp(prefix="makegood-mails-"))
    folder.chmod(0o711)
    own = both.Servers(folder / "state", bootstrap="127.0.0.1:1")
    found: dict[str, list[dict[str, float]]] = {arm: [] for arm in ARMS}
    try:
        async with own:
            dsn = own.dsn
            await sql.migrate(dsn, _SERVICE, store.MIGRATIONS)
            sink = await _start("--serve")
            assert sink.stdout is not None
            port = int(await sink.stdout.readline())
            for number in range(rounds):
                for arm in ARMS:
                    console.print(f"Round {number + 1} of {rounds}: {arm} …")
                    await _queue(dsn, mails if arm == "ours" else 0)
                    found[arm].append(await _measure(arm, port, mails, dsn))
                    got = await _ask(sink)
                    if got != {"mails": mails, "twice": 0}:
                        console.print(f"{arm} sent {got}, and not {mails} mails once.")
                        return 1
            sink.kill()
            await sink.wait()
    finally:
        own.remove()
        shutil.rmtree(folder, ignore_errors=True)
    _show(found, console)
    return 0


async def _queue(dsn: str, mails: int) -> None:
    """As many notifications that are due, each for somebody else; nothing of before."""
    pool = await asyncpg.create_pool(dsn, server_settings={"search_path": _SERVICE})
    await pool.execute("TRUNCATE recipient, notification, dispatch")
    names = [f"officer-{number:05}" for number in range(mails)]
    await pool.copy_records_to_table(
        "recipient",
        records=[
            (n, notifying.AUTHORITY, "email", f"{n}@knowsley.example", "bench", notifying.NOW)
            for n in names
        ],
        columns=["recipient_id", "authority_id", "channel", "address", "set_by", "set_at"],
    )
    await notifying.tell(pool, *(notifying.due(name) for name in names))
    await pool.execute("ANALYZE")
    await pool.close()


async def _start(*options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.mails", *options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ,
    )


async def _measure(arm: str, port: int, mails: int, dsn: str) -> dict[str, float]:
    running = await _start("--arm", arm, "--port", str(port), "--mails", str(mails), "--dsn", dsn)
    output, _ = await running.communicate()
    assert 0 == running.returncode, f"{arm} failed"
    measured: dict[str, float] = json.loads(output)
    return measured


async def _ask(sink: asyncio.subprocess.Process) -> Any:
    assert sink.stdin is not None
    assert sink.stdout is not None
    sink.stdin.write(b"\n")
    await sink.stdin.drain()
    return json.loads(await sink.stdout.readline())


def _show(found: dict[str, list[dict[str, float]]], console: rich.console.Console) -> None:
    table = rich.table.Table("arm", "mails/s", "CPU µs/mail", "MB", "to the floor")
    floors = [each["per_second"] for each in found["floor"]]
    for arm, each in found.items():
        rates = [one["per_second"] for one in each]
        ratio = statistics.median(a / b for a, b in zip(rates, floors, strict=True))
        table.add_row(
            arm,
            f"{statistics.median(rates):,.0f}",
            f"{statistics.median(one['cpu_us'] for one in each):,.0f}",
            f"{max(one['memory_mb'] for one in each):,.0f}",
            f"{ratio:.2f}",
        )
    console.print(table)
    console.print(f"The aim is {RATIO_AIM} of the floor.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.mails", description=__doc__)
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--arm", choices=ARMS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--dsn", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        asyncio.run(serve())
    elif asked.arm:
        run_arm(asked.arm, asked.port, asked.mails, asked.dsn)
    else:
        sys.exit(asyncio.run(main(asked.mails, asked.rounds)))
