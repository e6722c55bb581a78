"""What a service believes of a record: an event on its own topic, from its one writer."""

from __future__ import annotations

import pytest
from aiokafka import ConsumerRecord

from shared.delivery import messages, topics
from shared.delivery.messages import Record
from shared.wire import events, schemas
from tests.support import delivery_builders as build

by_event = pytest.mark.parametrize("event", schemas.EVENTS, ids=lambda event: event.__name__)


def example(event: type[events.Event]) -> events.Event:
    return events.read((schemas.EXAMPLES / f"{event.__name__}.json").read_bytes())


def record(event: events.Event, topic: str, source: bytes | None = None) -> Record:
    """A record that is right in all but its topic or source."""
    headers = dict(build.headers(event))
    headers["ce_source"] = source or headers["ce_source"]
    body, key = events.write(event), events.subject(event).encode()
    return ConsumerRecord(topic, 0, 0, 0, 0, key, body, None, 0, 0, tuple(headers.items()))


def reading(read: Record) -> str:
    """What becomes of a record: `read`, or the code for which it is parked."""
    try:
        messages.read_event(read)
    except messages.UnreadableError as error:
        return str(error)
    return "read"


class TestAnEvent:
    @by_event
    def test_is_believed_on_its_own_topic_only(self, event: type[events.Event]) -> None:
        """Every type has one topic; on each of the others it is parked."""
        said = example(event)
        homes = [topic.name for topic in topics.ALL if event in topic.holds]
        found = {topic.name: reading(record(said, topic.name)) for topic in topics.ALL}
        assert 1 == len(homes)
        assert {name: "read" if name in homes else "wrong_topic" for name in found} == found

    @by_event
    def test_is_believed_of_its_writer_only(self, event: type[events.Event]) -> None:
        """What another service, or nobody, signs as written is parked."""
        said = example(event)
        home = next(topic for topic in topics.ALL if event in topic.holds)
        writer = topics.writer(home, said)
        for service in ("intake", "verification", "ledger", "somebody"):
            expected = "read" if service == writer else "wrong_source"
            found = reading(record(said, home.name, topics.source(service)))
            assert expected == found, service

    def test_is_not_believed_on_a_topic_that_is_not_ours(self) -> None:
        """Of whatever name."""
        said = example(events.AlertRaised)
        assert "wrong_topic" == reading(record(said, "makegood.alerts.v2"))
