"""AsyncAPI 3 of each service: what it sends and receives on Kafka.

Promises: made from the topics, the events and their examples, and nothing else, so that a message
that is sent is a message that is described.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

from services.intake.consumer import handlers as intake
from services.intake.domain import submission
from services.ledger.consumer import handlers as ledger
from services.verification.consumer import handlers as verification
from shared.delivery import topics
from shared.wire import events, replies, schemas

VERSION: Final = "1.0.0"
_JSON: Final = "application/json"
_SCHEMAS: Final = "#/components/schemas/"
_INBOUND: Final = f"{topics.INBOUND_PREFIX}party"
_REPLIES: Final = f"{topics.REPLIES_PREFIX}party"

_PURPOSE: Final = {
    "intake": "Takes returns, and gives receipts.",
    "verification": "Checks returns against commitments, rates them, and warns.",
    "ledger": "Keeps the history of outcomes.",
}
_SUBSCRIPTIONS: Final = {
    "intake": intake.SUBSCRIPTION,
    "verification": verification.SUBSCRIPTION,
    "ledger": ledger.SUBSCRIPTION,
}


def export(service: str) -> dict[str, Any]:
    """The AsyncAPI document of a service."""
    received = [topic for topic in topics.ALL if _reads(service, topic.name)]
    sent = [topic for topic in topics.ALL if topic.written_by in (service, None)]
    channels = {topic.name: _channel(topic) for topic in {*received, *sent}}
    held = {event for topic in {*received, *sent} for event in topic.holds}
    messages: dict[str, Any] = {}
    operations: dict[str, Any] = {
        f"receive.{topic.name}": _operation("receive", topic) for topic in received
    }
    operations |= {f"send.{topic.name}": _operation("send", topic) for topic in sent}
    if service == "intake":
        held.add(replies.ReturnAnswered)
        channels |= {_INBOUND: _outside("Return"), _REPLIES: _outside("ReturnAnswered")}
        messages["Return"] = _RETURN
        operations[f"receive.{_INBOUND}"] = {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{_INBOUND}"},
            "summary": "Takes the returns that suppliers send by topic.",
        }
        operations[f"send.{_REPLIES}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{_REPLIES}"},
            "summary": "Answers each of them.",
        }
    messages |= {event.__name__: _message(event) for event in held}
    definitions = _definitions(held) | (_return_schemas() if service == "intake" else {})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Makegood {service}",
            "version": VERSION,
            "description": _PURPOSE[service] + " docs/events.md tells what all events share.",
            "license": {"name": "Apache 2.0"},
        },
        "defaultContentType": _JSON,
        "channels": dict(sorted(channels.items())),
        "operations": dict(sorted(operations.items())),
        "components": {
            "messages": dict(sorted(messages.items())),
            "schemas": dict(sorted(definitions.items())),
        },
    }


def _reads(service: str, topic: str) -> bool:
    subscription = _SUBSCRIPTIONS[service]
    if subscription.pattern:
        return re.fullmatch(subscription.pattern, topic) is not None
    return topic in subscription.topics


def _channel(topic: topics.Topic) -> dict[str, Any]:
    names = sorted(event.__name__ for event in topic.holds)
    return {
        "address": topic.name,
        "description": _kept(topic),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": _configuration(topic),
                "bindingVersion": "0.5.0",
            }
        },
    }


def _kept(topic: topics.Topic) -> str:
    writer = topic.written_by or "every service"
    kept = "the newest of each key" if topic.keeps_days is None else f"{topic.keeps_days} days"
    return f"Written by {writer}; keeps {kept}."


def _configuration(topic: topics.Topic) -> dict[str, Any]:
    """The settings at the broker that AsyncAPI's binding for Kafka knows."""
    config = topic.config()
    said: dict[str, Any] = {
        "cleanup.policy": [config["cleanup.policy"]],
        "max.message.bytes": int(config["max.message.bytes"]),
    }
    if "retention.ms" in config:
        said["retention.ms"] = int(config["retention.ms"])
    return said


def _operation(action: str, topic: topics.Topic) -> dict[str, Any]:
    names = sorted(event.__name__ for event in topic.holds)
    channel = f"#/channels/{topic.name}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in names],
    }


def _message(event: type[events.Event]) -> dict[str, Any]:
    name = event.__name__
    example = json.loads((schemas.EXAMPLES / f"{name}.json").read_text())
    return {
        "name": name,
        "title": name,
        "summary": (event.__doc__ or "").strip(),
        "contentType": _JSON,
        "headers": _headers(name),
        "payload": {"$ref": _SCHEMAS + name},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
        "examples": [{"name": name, "payload": example}],
    }


def _headers(name: str) -> dict[str, Any]:
    """CloudEvents 1.0 in binary mode."""
    texts = {
        "ce_specversion": {"const": "1.0", "description": "The version of CloudEvents."},
        "ce_id": {"format": "uuid", "description": "The `event_id`."},
        "ce_type": {"const": name, "description": "The name of the event."},
        "ce_source": {"description": "`/makegood/` and the name of the service that wrote it."},
        "ce_time": {"format": "date-time", "description": "The `occurred_at`."},
        "ce_subject": {"description": "The key of the record."},
        "content-type": {"const": _JSON, "description": "What the value is."},
    }
    return {
        "type": "object",
        "properties": {header: {"type": "string"} | about for header, about in texts.items()},
        "required": ["ce_id", "ce_type", "ce_source"],
    }


def _definitions(held: set[type[events.Event]]) -> dict[str, Any]:
    ordered = sorted(held, key=lambda event: event.__name__)
    _, definitions = msgspec.json.schema_components(ordered, ref_template=_SCHEMAS + "{name}")
    schemas.describe(definitions)
    return dict(definitions)


def _outside(message: str) -> dict[str, Any]:
    """A topic of which each party has one."""
    is_inbound = message == "Return"
    prefix = topics.INBOUND_PREFIX if is_inbound else topics.REPLIES_PREFIX
    about = "A supplier's own topic, with the same JSON as POST /api/v1/returns."
    answers = "What became of each record on the supplier's inbound topic."
    return {
        "address": f"{prefix}{{party}}",
        "description": about if is_inbound else answers,
        "parameters": {"party": {"description": "The supplier's org-id, as in its contracts."}},
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {"kafka": {"partitions": 1, "bindingVersion": "0.5.0"}},
    }


_RETURN: Final[dict[str, Any]] = {
    "name": "Return",
    "title": "Return",
    "summary": "A supplier's return for a month.",
    "contentType": _JSON,
    "headers": {
        "type": "object",
        "properties": {
            "idempotency-key": {
                "type": "string",
                "description": "The same key with the same bytes is taken once.",
            }
        },
    },
    "payload": {"$ref": _SCHEMAS + "Submission"},
}


def _return_schemas() -> dict[str, Any]:
    schema = submission.Submission.model_json_schema(ref_template=_SCHEMAS + "Return{model}")
    parts = schema.pop("$defs")
    return {"Submission": schema} | {f"Return{name}": part for name, part in parts.items()}
