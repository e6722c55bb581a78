"""Whose things a token reaches at intake: one authority's, and of those a party's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.wire import events
from tests.support import intake_builders as build
from tests.web.test_intake_api import RunningSystem, open_system

ELSEWHERE = "GB-LAE-SHN"


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    async with open_system(database, tmp_path) as made:
        yield made


class TestATokenOfAnotherAuthority:
    """Made by an operator there, for a party that has contracts here."""

    async def test_reads_and_withdraws_nothing(self, system: RunningSystem) -> None:
        """The party's returns here look as if they did not exist."""
        own = await system.caller("supplier", build.PARTY)
        foreign = await system.caller("supplier", build.PARTY, ELSEWHERE)
        sent = (await own.send(build.a_return())).json()
        at = f"/api/v1/returns/{sent['return_id']}"
        assert 404 == (await foreign.get(at)).status_code
        assert 404 == (await foreign.post(f"{at}/withdraw", {"reason": "mischief"})).status_code
        assert [] == (await foreign.get("/api/v1/returns")).json()["items"]
        assert 200 == (await own.get(at)).status_code
        assert 201 == (await own.post(f"{at}/withdraw", {"reason": "wrong month"})).status_code

    async def test_sends_nothing_and_is_shown_no_receipt(self, system: RunningSystem) -> None:
        """Neither for a new return, nor for the bytes or the key of one that was accepted."""
        own = await system.caller("supplier", build.PARTY)
        foreign = await system.caller("supplier", build.PARTY, ELSEWHERE)
        assert 422 == (await foreign.send(build.a_return())).status_code
        assert 201 == (await own.send(build.a_return(), key="k1")).status_code
        again = await foreign.send(build.a_return(), key="k1")
        assert 422 == again.status_code
        assert ["I1"] == [fault["rule"] for fault in again.json()["errors"]]
        assert "signature" not in again.text

    async def test_is_refused_in_the_name_of_its_own_authority(self, system: RunningSystem) -> None:
        """The event tells neither the contract nor its authority."""
        foreign = await system.caller("supplier", build.PARTY, ELSEWHERE)
        await foreign.send(build.a_return())
        bodies = await system.pool.fetch("SELECT body FROM outbox WHERE type = 'ReturnRefused'")
        told = [events.read(row["body"]) for row in bodies]
        assert [(ELSEWHERE, None)] == [
            (each.authority_id, each.contract_id)
            for each in told
            if isinstance(each, events.ReturnRefused)
        ]


class TestCredentials:
    async def test_are_issued_for_suppliers_of_the_authority_only(
        self, system: RunningSystem
    ) -> None:
        """Not for a party of another authority's contract, nor for one that no contract names."""
        foreign = await system.caller("operator", authority=ELSEWHERE)
        own = await system.caller("operator")
        at = "/api/v1/parties/{}/credentials"
        assert 404 == (await foreign.post(at.format(build.PARTY), {})).status_code
        assert 404 == (await own.post(at.format("GB-COH-00000099"), {})).status_code
        assert 503 == (await own.post(at.format(build.PARTY), {})).status_code  # there is no broker
        assert 0 == await system.pool.fetchval("SELECT count(*) FROM inbound_topic")

    async def test_are_issued_for_any_authority_by_the_installations_operator(
        self, system: RunningSystem
    ) -> None:
        """It says for which one, and a contract of that one names the party. It lists the tokens of
        all, sees the clock, and nobody else acts for another authority."""
        installer = await system.caller("operator", authority=events.INSTALLATION)
        own = await system.caller("operator")
        await system.caller("supplier", build.PARTY)
        await system.caller("supplier", build.PARTY, ELSEWHERE)
        at = f"/api/v1/parties/{build.PARTY}/credentials"
        missing = await installer.post(at, {})
        assert (422, "authority") == (
            missing.status_code,
            missing.json()["errors"][0]["parameter"],
        )
        here, elsewhere = f"{at}?authority={build.AUTHORITY}", f"{at}?authority={ELSEWHERE}"
        assert 503 == (await installer.post(here, {})).status_code  # there is no broker
        assert 404 == (await installer.post(elsewhere, {})).status_code
        assert [404, 404] == [
            (await own.post(elsewhere, {})).status_code,
            (await own.get(at, authority=ELSEWHERE)).status_code,
        ]
        listed = (await installer.get(at)).json()["items"]
        assert [build.AUTHORITY, ELSEWHERE] == [each["authority_id"] for each in listed]
        assert [build.AUTHORITY] == [
            each["authority_id"] for each in (await own.get(at)).json()["items"]
        ]
        assert 200 == (await installer.get("/api/v1/clock")).status_code
