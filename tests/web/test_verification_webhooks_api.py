"""Webhooks over HTTP: entered, listed and removed (rule L3)."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from services.verification.api.documents import webhooks as documents
from services.verification.register import webhooks
from shared import keys
from shared.notifier import kinds, recipients, sealing
from shared.wire import events
from tests.support import verification_builders as build
from tests.support import verification_service
from tests.support.verification_service import Caller, VerificationService

URL: Final = "https://93.184.215.14/makegood"
"""A host would be asked of a resolver."""
OTHER: Final = "GB-LAE-SHN"


@pytest.fixture
async def service(database: str) -> AsyncIterator[VerificationService]:
    async with verification_service.at_work(database) as made:
        yield made


@pytest.fixture
async def manager(service: VerificationService) -> Caller:
    return await service.caller("manager")


async def enter(caller: Caller, **body: Any) -> dict[str, Any]:
    answer = await caller.post("/webhooks", {"url": URL} | body)
    assert 201 == answer.status_code, answer.text
    return dict(answer.json())


async def listed(caller: Caller) -> list[Any]:
    return list((await caller.get("/webhooks")).json()["items"])


class TestAWebhook:
    async def test_is_entered_with_a_secret_that_is_shown_once(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """The list has everything but the secret."""
        entered = await enter(manager, kinds=["return_overdue", "shortfall_opened"])
        secret = entered.pop("secret")
        assert 32 == len(base64.b64decode(secret.removeprefix("whsec_"), validate=True))
        (shown,) = await listed(manager)
        assert {"return_overdue", "shortfall_opened"} == set(shown.pop("kinds"))
        assert {key: entered[key] for key in shown} == shown
        assert (URL, True, f"manager@{build.AUTHORITY}") == (
            shown["url"],
            shown["is_on"],
            shown["set_by"],
        )

    async def test_is_a_recipient_whose_secret_is_sealed(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """Told of the kinds that it asked for, and never of the others."""
        entered = await enter(manager, kinds=["return_overdue"])
        (found,) = await recipients.list_webhooks(service.pool, [build.AUTHORITY])
        assert (f"webhook:{entered['webhook_id']}", URL) == (found.recipient_id, found.address)
        told = {kind for kind, how in found.choices.items() if how != "never"}
        assert ({"return_overdue"}, set(kinds.COUNCIL)) == (told, set(found.choices))
        key = keys.load(verification_service.settings(service.dsn).session_key_path)
        assert key is not None
        assert found.secret is not None
        opened = sealing.open_sealed(key, found.secret, URL)
        assert entered["secret"] == f"whsec_{base64.b64encode(opened).decode()}"

    async def test_is_called_with_all_kinds_if_it_asks_for_none(self, manager: Caller) -> None:
        """Every kind of alert that a council is told."""
        await enter(manager)
        (shown,) = await listed(manager)
        assert list(documents.KINDS) == shown["kinds"]
        in_words = json.loads(json.dumps(events.AlertKind.__args__))  # type: ignore[attr-defined]  # a Literal
        assert set(documents.KINDS) == set(in_words) & set(kinds.COUNCIL)

    async def test_is_removed_with_what_waits_for_it(
        self, service: VerificationService, manager: Caller
    ) -> None:
        """What is in a dispatch already stays in its record."""
        entered = await enter(manager)
        await service.pool.execute(
            """
            INSERT INTO notification (event_id, step, recipient_id, authority_id, kind, how, rank,
                due_at, dispatch_id)
            SELECT gen_random_uuid(), 'raised', $1, $2, 'return_overdue', 'at_once', 1, now(), id
            FROM unnest(ARRAY[NULL, gen_random_uuid()]) AS id
            """,
            f"webhook:{entered['webhook_id']}",
            build.AUTHORITY,
        )
        answer = await manager.delete(f"/webhooks/{entered['webhook_id']}")
        assert (204, []) == (answer.status_code, await listed(manager))
        assert 1 == await service.pool.fetchval("SELECT count(*) FROM notification")
        again = await manager.delete(f"/webhooks/{entered['webhook_id']}")
        assert (404, "There is no such webhook") == (again.status_code, again.json()["title"])

    async def test_is_its_authoritys(self, service: VerificationService, manager: Caller) -> None:
        """Another council neither sees nor removes it; the own operator does."""
        entered = await enter(manager)
        stranger = await service.caller("manager", authority=OTHER)
        assert [] == await listed(stranger)
        answer = await stranger.delete(f"/webhooks/{entered['webhook_id']}")
        assert 404 == answer.status_code
        operator = await service.caller("operator")
        assert 1 == len(await listed(operator))
        assert 204 == (await operator.delete(f"/webhooks/{entered['webhook_id']}")).status_code

    @pytest.mark.parametrize("role", ["approver", "auditor"])
    async def test_is_for_managers_and_operators(
        self, service: VerificationService, role: Any
    ) -> None:
        """Nobody else enters one."""
        caller = await service.caller(role)
        assert 403 == (await caller.post("/webhooks", {"url": URL})).status_code

    async def test_is_not_the_installations(self, service: VerificationService) -> None:
        """Alerts belong to authorities."""
        caller = await service.caller("operator", authority=events.INSTALLATION)
        answer = await caller.post("/webhooks", {"url": URL})
        assert (403, "A webhook belongs to one authority") == (
            answer.status_code,
            answer.json()["title"],
        )


class TestARefusal:
    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("http://93.184.215.14/", "Write https: a webhook is encrypted."),
            ("https://127.0.0.1/", "The address 127.0.0.1 is not on the public internet."),
            ("https://localhost/", "not on the public internet."),
            ("https://[::ffff:10.0.0.1]/", "is not on the public internet."),
            ("https://169.254.169.254/latest", "is not on the public internet."),
            ("hooks.example", "Write the URL as https://HOST/PATH."),
        ],
    )
    async def test_says_what_is_wrong_with_a_url(
        self, manager: Caller, url: str, reason: str
    ) -> None:
        """At once, not with the first alert."""
        answer = await manager.post("/webhooks", {"url": url})
        problem = answer.json()
        assert (422, "This URL cannot be called") == (answer.status_code, problem["title"])
        assert "/url" == problem["errors"][0]["pointer"]
        assert reason in problem["errors"][0]["message"]
        assert [] == await listed(manager)

    @pytest.mark.parametrize("asked", [[], ["return_due"], ["unanswered"], "all"])
    async def test_says_which_kinds_there_are(self, manager: Caller, asked: Any) -> None:
        """What only suppliers are told is none of them."""
        answer = await manager.post("/webhooks", {"url": URL, "kinds": asked})
        assert 422 == answer.status_code

    async def test_comes_with_one_more_than_there_can_be(self, manager: Caller) -> None:
        """Each alert calls all of them."""
        for _ in range(webhooks.WEBHOOKS_MAX):
            await enter(manager)
        answer = await manager.post("/webhooks", {"url": URL})
        assert (422, "An authority has at most 10 webhooks: remove one") == (
            answer.status_code,
            answer.json()["title"],
        )
