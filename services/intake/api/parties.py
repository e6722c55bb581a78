"""Credentials of parties, for operators: a token for a party's programs, its inbound topic, and the
topic on which it is answered.

Promises: an operator of an authority acts for that authority, an operator of the installation for
the one that it names.
Refuses: a party that no contract of that authority names; and one whose topic cannot be, since
another party's name differs from its own only in `.` and `_`.
"""

from __future__ import annotations

from aiokafka.errors import KafkaError
from fastapi import APIRouter

from services.intake import store
from services.intake.api import documents, refusals
from services.intake.api.dependencies import Injected, Operator
from services.intake.settings import Settings
from shared import fields, log
from shared.delivery import kafka, topics
from shared.web import auth, lists, problems, routes

_log = log.get(__name__)

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.post("/parties/{party_id}/credentials", status_code=201)
async def post_credential(
    party_id: fields.OrgId,
    who: Operator,
    dependencies: Injected,
    authority: fields.OrgId | None = None,
) -> documents.NewCredential:
    """Issue a token for a party, shown once, and create its inbound topic and that of replies."""
    try:
        topic, replies = topics.inbound(party_id), topics.replies_to(party_id)
    except ValueError as error:
        raise refusals.not_a_party(str(error)) from None
    authority_id = acts_for(who, authority)
    if authority_id is None:
        raise refusals.authority_missing()
    owner = store.parties.Owner(party_id, authority_id)
    if await store.parties.find_supplier(dependencies.delivery.pool, owner) is None:
        raise refusals.party_unknown()
    await _create_topics(dependencies.settings, topic, replies)
    async with dependencies.delivery.pool.acquire() as conn, conn.transaction():
        await store.parties.add_inbound_topic(conn, topic.name, owner)
        token = await auth.issue(conn, "supplier", authority_id, party_id, party_id)
    return documents.NewCredential(
        token=token, inbound_topic=topic.name, replies_topic=replies.name
    )


@router.get("/parties/{party_id}/credentials")
async def list_credentials(
    party_id: fields.OrgId,
    who: Operator,
    dependencies: Injected,
    authority: fields.OrgId | None = None,
) -> lists.Page[documents.Credential]:
    """Who holds tokens of a party; never the tokens."""
    rows = await store.parties.list_credentials(
        dependencies.delivery.pool, party_id, acts_for(who, authority)
    )
    return lists.Page(items=[documents.Credential(**row) for row in rows], next=None)


def acts_for(who: auth.Caller, asked: str | None) -> str | None:
    """The authority that an operator acts for: its own, or the one that the installation's operator
    asked for, if any. Raises a `404` problem for an authority that is not the operator's."""
    if who.is_installations:
        return asked
    if asked not in (None, who.authority_id):
        raise refusals.party_unknown()
    return who.authority_id


async def _create_topics(settings: Settings, *wanted: topics.Topic) -> None:
    try:
        admin = await kafka.start_admin(settings)
        try:
            await topics.create(admin, wanted)
        finally:
            await admin.close()
    except topics.TopicNameError:
        raise refusals.topic_taken(wanted[0].name) from None
    except (KafkaError, OSError, TimeoutError, topics.WrongTopicError) as error:
        _log.warning("Kafka takes no topic.", topic=wanted[0].name, error=repr(error))
        raise problems.unavailable() from None
