"""Runs one Kafka and one PostgreSQL for a whole test run: `servers.py FOLDER OWNER_PID`.

The run may have many workers, and any of them may end first. So this process runs the servers until
it is told to stop, or the run's first process is gone.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.local.servers import both, process


async def run(folder: Path, owner: process.Identity) -> None:
    """Starts both, writes their addresses to `servers.json`, waits, stops both and deletes their
    data."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    async with both.Servers(folder / "shared") as servers:
        found = {"bootstrap": servers.kafka.bootstrap, "dsn": servers.postgres.dsn}
        process.write(folder / "servers.json", json.dumps(found))
        while not stopping.is_set() and owner.is_alive():
            await asyncio.sleep(0.1)
    servers.remove()
    (folder / "servers.json").unlink()


if __name__ == "__main__":
    first = process.Identity.of(int(sys.argv[2]))
    if first is not None:
        asyncio.run(run(Path(sys.argv[1]), first))
