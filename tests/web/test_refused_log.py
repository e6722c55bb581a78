"""Requests that are not let in, as the log of a running service tells of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from structlog.testing import capture_logs

from shared.web import refused
from tests.support import door_client
from tests.support.door_app import TOKEN
from tests.support.door_client import Door
from tests.support.waiting import until


class Running(NamedTuple):
    """A service, and what it logs."""

    door: Door
    log: Path


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    log = tmp_path / "log"
    with door_client.opened("tests.support.door_app", log=log) as door:
        yield Running(door, log)


def request(method: str, path: str, token: str | None) -> bytes:
    holder = "" if token is None else f"authorization: Bearer {token}\r\n"
    end = "content-length: 0\r\nconnection: close\r\n\r\n"
    return f"{method} {path} HTTP/1.1\r\nhost: x\r\n{holder}{end}".encode()


def lines(log: Path) -> list[dict[str, Any]]:
    """What was logged of refusals."""
    said = map(json.loads, log.read_text().splitlines())
    return [line for line in said if line["logger"] == "shared.web.refused"]


async def ask(door: Door, *requests: bytes) -> list[int]:
    return [await door.status(each) for each in requests]


class TestARefusedRequest:
    async def test_is_a_line_of_the_log(self, running: Running) -> None:
        """Each with its service, route, code, address and actor; also on a fast path and before a
        body is read. Nothing that the caller has written is in it."""
        log = running.log
        assert [401, 401, 403, 403, 403, 401, 404, 200] == await ask(
            running.door,
            request("POST", "/things", None),
            request("POST", "/things", "mg_secret_guess"),
            request("POST", "/managed", TOKEN),
            request("HEAD", "/managed/written-by-the-caller", TOKEN),
            request("POST", "/own", TOKEN),
            request("POST", "/fast", "mg_secret_guess"),
            request("GET", "/nowhere", "mg_secret_guess"),
            request("POST", "/fast", TOKEN),
        )
        await until(lambda: len(lines(log)) >= 6)
        told = lines(log)
        assert [
            ("POST", "/things", 401, "no_token", None),
            ("POST", "/things", 401, "token_unknown", None),
            ("POST", "/managed", 403, "role", TOKEN),
            ("GET", "/managed/{name}", 403, "role", TOKEN),
            ("POST", "/own", 403, "forbidden", TOKEN),
            ("POST", "/fast", 401, "token_unknown", None),
        ] == [
            (each["method"], each["route"], each["status"], each["why"], each["actor_id"])
            for each in told
        ]
        assert {("door", "127.0.0.1", "warning")} == {
            (each["service"], each["client"], each["level"]) for each in told
        }
        assert "secret" not in log.read_text()
        assert "written-by" not in log.read_text()


class Minutes:
    """A clock, and what was put off."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.later: list[tuple[float, Any]] = []

    def log(self) -> refused.Log:
        return refused.Log(
            lambda: self.seconds, lambda wait, call: self.later.append((self.seconds + wait, call))
        )

    def pass_by(self, seconds: float) -> None:
        self.seconds += seconds
        due = [call for at, call in self.later if at <= self.seconds]
        self.later = [each for each in self.later if each[0] > self.seconds]
        for call in due:
            call()


def refuse(log: refused.Log, times: int, code: str = "token_unknown") -> None:
    for _ in range(times):
        scope: dict[str, Any] = {"method": "GET", "client": ("192.0.2.1", 7)}
        refused.keep_code(scope, code)
        log.tell(scope, "/things", 401)


class TestAFloodOfRefusals:
    def test_is_told_in_one_line_more_a_minute(self) -> None:
        """Sixty by themselves; the others by their number, when the minute has ended. Then it
        begins anew."""
        minutes = Minutes()
        log = minutes.log()
        with capture_logs() as told:
            refuse(log, 60)
            refuse(log, 100_000)
            refuse(log, 3, "no_token")
            assert 60 == len(told)
            minutes.pass_by(59.9)
            assert 60 == len(told)
            minutes.pass_by(0.1)
            refuse(log, 1)
        assert 62 == len(told)
        assert (100_003, {"401 token_unknown": 100_000, "401 no_token": 3}) == (
            told[60]["count"],
            told[60]["by_status_and_code"],
        )
        assert "A request was refused." == told[61]["event"]

    def test_of_each_minute_is_summed_up_once(self) -> None:
        """Whatever the minutes before it were."""
        minutes = Minutes()
        log = minutes.log()
        with capture_logs() as told:
            for _ in range(3):
                refuse(log, 61)
                minutes.pass_by(60)
        assert 3 * 61 == len(told)
        assert [1, 1, 1] == [each["count"] for each in told if "count" in each]
        assert [] == minutes.later
