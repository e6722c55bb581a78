"""Credentials of parties, for operators: a token for a party's programs, and its inbound topic.

Refuses: a party that no contract of the operator's authority names; and one whose topic cannot be,
since another party's name differs from its own only in `.` and `_`.
"""

from __future__ import annotations

from aiokafka.errors import KafkaError
from fastapi import APIRouter

from services.intake import store
from services.intake.api import documents, refusals
from services.intake.api.dependencies import Injected, Operator
from services.intake.settings import Settings
from shared import fields
from shared.delivery import kafka, topics
from shared.web import auth, lists, problems, routes

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.post("/parties/{party_id}/credentials", status_code=201)
async def post_credential(
    party_id: fields.OrgId, who: Operator, dependencies: Injected
) -> documents.NewCredential:
    """Issue a token for a party, shown once, and create its inbound topic."""
    try:
        topic = topics.inbound(party_id)
    except ValueError as error:
        raise refusals.not_a_party(str(error)) from None
    owner = store.parties.Owner(party_id, who.authority_id)
    if await store.parties.find_supplier(dependencies.delivery.pool, owner) is None:
        raise refusals.party_unknown()
    await _create_topic(dependencies.settings, topic)
    async with dependencies.delivery.pool.acquire() as conn, conn.transaction():
        await store.parties.add_inbound_topic(conn, topic.name, owner)
        token = await auth.issue(conn, "supplier", who.authority_id, party_id, party_id)
    return documents.NewCredential(token=token, inbound_topic=topic.name)


@router.get("/parties/{party_id}/credentials")
async def list_credentials(
    party_id: fields.OrgId, who: Operator, dependencies: Injected
) -> lists.Page[documents.Credential]:
    """Who holds tokens of a party; never the tokens."""
    owner = store.parties.Owner(party_id, who.authority_id)
    rows = await store.parties.list_credentials(dependencies.delivery.pool, owner)
    return lists.Page(items=[documents.Credential(**row) for row in rows], next=None)


async def _create_topic(settings: Settings, topic: topics.Topic) -> None:
    try:
        admin = await kafka.start_admin(settings)
        try:
            await topics.create(admin, (topic,))
        finally:
            await admin.close()
    except topics.TopicNameError:
        raise refusals.topic_taken(topic.name) from None
    except (KafkaError, OSError, TimeoutError, topics.WrongTopicError):
        raise problems.unavailable() from None
