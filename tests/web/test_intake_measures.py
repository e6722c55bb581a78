"""The measures over HTTP, and each example sent to the service that took it from them."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from services.intake import store
from shared import catalogue
from shared.web import auth
from shared.wire import events
from tests.support import intake_builders as build
from tests.web.test_intake_api import open_system

AT = "/api/v1/measures"


def a_contract() -> events.ContractPublished:
    """A commitment for each measure, with its code as id."""
    commitments = tuple(
        events.PublishedCommitment(
            commitment_id=each.code,
            measure=each.code,
            kind=each.kind,
            unit=each.unit,
            state="active",
        )
        for each in catalogue.CATALOGUE_ENTRIES
    )
    return build.a_contract_published(commitments=commitments, version=2)


class TestTheMeasures:
    async def test_are_every_roles_and_each_example_is_accepted(
        self, database: str, tmp_path: Path
    ) -> None:
        """All of the catalogue, to all roles. A return of all the examples gets a receipt."""
        async with open_system(database, tmp_path) as system:
            contract = a_contract()
            row = store.rows.contract_row(contract, events.write(contract))
            async with system.pool.acquire() as conn:
                await store.projections.apply_contracts(conn, [row])
            answers = []
            for role in get_args(auth.Role):
                party = build.PARTY if role == "supplier" else None
                answers.append((await (await system.caller(role, party)).get(AT)).json())
            assert all(answer == answers[0] for answer in answers)
            items = answers[0]["items"]
            assert list(catalogue.by_code) == [each["code"] for each in items]
            supplier = await system.caller("supplier", build.PARTY)
            for number, each in enumerate(items, 1):
                alone = build.a_return(each["example"], revision=number, reason="the next")
                assert 201 == (await supplier.send(alone)).status_code, each["code"]
            assert 401 == (await system.client.get(AT)).status_code

    async def test_say_what_is_checked_and_what_is_not_yet(
        self, database: str, tmp_path: Path
    ) -> None:
        """As each commitment of verification says it, of a contract with a local area."""
        async with open_system(database, tmp_path) as system:
            items = (await (await system.caller("auditor")).get(AT)).json()["items"]
            spend = next(each for each in items if each["code"] == "local-spend")
            assert ["V1", "V2", "V3", "V6"] == [each["rule"] for each in spend["checks"]]
            assert ["V7", "V9", "V10", "V11"] == [
                each["rule"] for each in spend["checks_not_built"]
            ]
            assert ("GBP", "1000000000", 2) == (
                spend["unit"],
                spend["quantity_max"],
                spend["decimals_max"],
            )
            needed = [each["pointer"] for each in spend["needs"]]
            assert "/invoice/payee_id" in needed
            assert "/place/postcode" in needed
