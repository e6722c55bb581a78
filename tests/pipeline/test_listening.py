"""The program in docs/events.md that listens to alerts, as it stands there, on a real broker."""

from __future__ import annotations

import asyncio
import re
import sys
import uuid
from pathlib import Path

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.servers import both as local_servers
from shared.delivery import topics
from shared.wire import events, schemas
from tests.support.delivery_builders import headers

PAGE = (Path(__file__).parents[2] / "docs/events.md").read_text()
SECONDS_MAX = 60


async def test_the_program_in_the_documents_prints_alerts(
    own_servers: local_servers.Servers, tmp_path: Path
) -> None:
    """Each alert once, in order, also those that came before it began."""
    program = tmp_path / "listen.py"
    program.write_text(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0])
    bootstrap = own_servers.kafka.bootstrap
    alert = events.read((schemas.EXAMPLES / "AlertRaised.json").read_bytes())
    assert isinstance(alert, events.AlertRaised)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await topics.create(admin, (topics.ALERTS,))
    finally:
        await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, compression_type="snappy") as producer:
        await _send(producer, alert)
        listener = await asyncio.create_subprocess_exec(
            sys.executable, program, bootstrap, stdout=asyncio.subprocess.PIPE
        )
        assert listener.stdout is not None
        try:
            expected = f"{alert.kind} {alert.contract_id} {alert.gap}"
            async with asyncio.timeout(SECONDS_MAX):
                assert expected == (await listener.stdout.readline()).decode().strip()
                await _send(producer, alert)
                assert expected == (await listener.stdout.readline()).decode().strip()
        finally:
            listener.kill()
            await listener.wait()


async def _send(producer: AIOKafkaProducer, alert: events.AlertRaised) -> None:
    again = events.read(
        events.write(alert).replace(str(alert.event_id).encode(), str(uuid.uuid4()).encode())
    )
    await producer.send_and_wait(
        topics.ALERTS.name,
        key=alert.contract_id.encode(),
        value=events.write(again),
        headers=list(headers(again)),
    )
