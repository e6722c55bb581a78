"""Runs one demo for a whole test run: `demo.py FOLDER OWNER_PID`.

As `servers.py` does: it stays until it is told to stop, or the run's first process is gone.
"""

import asyncio
import contextlib
import io
import json
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import rich.console

from deploy.local.demo import main
from deploy.local.servers import both, process


async def run(folder: Path, owner: process.Identity) -> None:
    """Plays six months, writes where each service is to `demo.json`, waits, stops the system and
    deletes its data."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    state = folder / "demo"
    job = main.Job(state, rich.console.Console(file=io.StringIO(), width=200))
    running = asyncio.create_task(job.run(stays=True))
    try:
        while not stopping.is_set() and owner.is_alive() and not running.done():
            if job.found and not (folder / "demo.json").exists():
                assert job.is_complete, [fact for fact in job.found if not fact.is_seen]
                services = json.loads((state / "stack.json").read_text())["services"]
                urls = {name: each["url"] for name, each in services.items()}
                process.write(folder / "demo.json", json.dumps(urls))
            await asyncio.sleep(process.POLL_S)
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running  # raises what ended it
        both.Servers(state / "demo").remove()
        (folder / "demo.json").unlink(missing_ok=True)


if __name__ == "__main__":
    first = process.Identity.of(int(sys.argv[2]))
    if first is not None:
        asyncio.run(run(Path(sys.argv[1]), first))
