"""The command `makegood tail`: what goes over a topic, readable.

Promises: it reads without a group and changes nothing at the broker. Whatever a record holds is
shown: what is no JSON as its length and its first bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import rich.text
import typer

from deploy import client
from deploy.client import console
from shared.command_line import CannotGoOn

if TYPE_CHECKING:
    from aiokafka import ConsumerRecord, TopicPartition

    from shared.settings import Settings

POLL_MS: Final = 500
BYTES_SHOWN_MAX: Final = 100
"""Of a body that cannot be read."""
ENVELOPE: Final = ("type", "occurred_at", "contract_id")
"""Fields that stand in the first line of an event."""
OURS: Final = "makegood."


def tail(
    topic: Annotated[
        str, typer.Argument(metavar="TOPIC", help="Its full name, such as makegood.returns.v1.")
    ],
    from_beginning: Annotated[
        bool,
        typer.Option("--from-beginning", help="Begin with the oldest record that is kept."),
    ] = False,
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", min=1, help="End after N records.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, for programs.")
    ] = False,
) -> None:
    """Print what comes on a topic, until Ctrl-C.

    Each event begins with its place and time, type, contract and key; its other fields follow. The
    order is that of each partition, so that of each contract.

    Needs no token, but Kafka: KAFKA_BOOTSTRAP_SERVERS, or that of the system that runs here.
    """
    from shared import command_line

    settings = client.broker()
    command_line.run(
        settings, _tail(settings, topic, count, from_beginning=from_beginning, as_json=as_json)
    )


async def _tail(
    settings: Settings, topic: str, count: int | None, *, from_beginning: bool, as_json: bool
) -> None:
    from shared.delivery import kafka

    partitions = await _list_partitions(settings, topic)
    reader = await kafka.start_reader(settings)
    try:
        reader.assign(partitions)
        find = reader.beginning_offsets if from_beginning else reader.end_offsets
        for partition, offset in (await find(partitions)).items():
            reader.seek(partition, offset)
        left = count
        while left is None or left > 0:
            found = await reader.getmany(timeout_ms=POLL_MS, max_records=left)
            for record in (each for records in found.values() for each in records):
                _print(record, as_json=as_json)
                left = None if left is None else left - 1
    finally:
        await reader.stop()


async def _list_partitions(settings: Settings, topic: str) -> list[TopicPartition]:
    """All partitions of the topic. Raises CannotGoOn if there is no such topic."""
    from aiokafka import TopicPartition

    from shared.delivery import kafka

    admin = await kafka.start_admin(settings)
    try:
        known = sorted(each for each in await admin.list_topics() if each.startswith(OURS))
        if topic not in known:
            raise CannotGoOn(
                f"There is no topic {topic}. There are: {', '.join(known) or 'none of Makegood'}."
            )
        (found,) = await admin.describe_topics([topic])
        return [TopicPartition(topic, each["partition"]) for each in found["partitions"]]
    finally:
        await admin.close()


def _print(record: ConsumerRecord[bytes, bytes], *, as_json: bool) -> None:
    key = None if record.key is None else record.key.decode(errors="replace")
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    found = _read(record.value)
    at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    if as_json:
        whole = {
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "time": f"{at:%Y-%m-%dT%H:%M:%S.%fZ}",
            "key": key,
            "headers": headers,
            "value": found,
        }
        print(json.dumps(whole, ensure_ascii=False), flush=True)
        return
    fields = found if isinstance(found, dict) else {}
    kind = fields.get("type") or headers.get("ce_type") or "no event"
    head = rich.text.Text.assemble(
        f"{record.partition}:{record.offset}  {fields.get('occurred_at') or f'{at:%FT%TZ}'}  ",
        (str(kind), "bold"),
        f"  {fields.get('contract_id') or '–'}  key {key if key is not None else '–'}",
    )
    console.print(head, soft_wrap=True, highlight=False)
    rest = {name: each for name, each in fields.items() if name not in ENVELOPE}
    for line in _lines(rest, "    ") if fields else [f"    {found}"]:
        console.print(rich.text.Text(line), soft_wrap=True, highlight=False)


def _read(value: bytes | None) -> Any:
    """The JSON of a body; what it is in words if it has none."""
    if value is None:
        return "no body: its key was deleted"
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return f"{len(value):,} bytes that are no JSON: {value[:BYTES_SHOWN_MAX]!r}"


def _lines(value: dict[str, Any], indent: str) -> Iterator[str]:
    """The fields of an object, one a line; an object in it, and each of a list, further in."""
    for name, each in value.items():
        if isinstance(each, dict) and each:
            yield f"{indent}{name}:"
            yield from _lines(each, indent + "  ")
        elif isinstance(each, list) and any(isinstance(one, dict) for one in each):
            yield f"{indent}{name}:"
            for one in each:
                yield f"{indent}  -"
                yield from _lines(one if isinstance(one, dict) else {"": one}, indent + "    ")
        elif each is not None:
            shown = each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)
            yield f"{indent}{name}: {shown}"
