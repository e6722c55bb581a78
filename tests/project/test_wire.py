"""What goes over the wire is what schemas, examples and documents say.

After a change that is meant: `python -m shared.wire.schemas`, then look at what git shows.
"""

from __future__ import annotations

import decimal
import json
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import msgspec
import pytest

from shared.delivery import topics
from shared.wire import events, schemas

ROOT = Path(__file__).parents[2]
EVENTS_PAGE = (ROOT / "docs/events.md").read_text()

by_event = pytest.mark.parametrize("event", schemas.EVENTS, ids=lambda event: event.__name__)


def example(event: type[events.Event]) -> bytes:
    return (schemas.EXAMPLES / f"{event.__name__}.json").read_bytes()


def structs(struct: type[events.Frozen]) -> set[type[events.Frozen]]:
    """A struct and all that it is made of."""
    found = {struct}
    for kind in typing.get_type_hints(struct).values():
        parts = [kind]
        while parts:
            part = parts.pop()
            parts.extend(typing.get_args(part))
            if isinstance(part, type) and issubclass(part, events.Frozen):
                found |= structs(part)
    return found


class TestSchema:
    def test_is_the_golden_one(self) -> None:
        """Golden files equal what is exported now. Meant? Run `python -m shared.wire.schemas`."""
        golden = {file.stem: file.read_text() for file in schemas.FOLDER.glob("*.json")}
        assert golden == schemas.export()

    @by_event
    def test_is_itself_well_formed(self, event: type[events.Event]) -> None:
        """Each is a JSON Schema that any validator reads."""
        jsonschema.Draft202012Validator.check_schema(msgspec.json.schema(event))


class TestExample:
    def test_is_there_for_every_event(self) -> None:
        """One file for each type, and none besides."""
        files = {file.stem for file in schemas.EXAMPLES.glob("*.json")}
        assert {each.__name__ for each in (*schemas.EVENTS, *schemas.REPLIES)} == files

    @by_event
    def test_is_read_and_written_as_it_stands(self, event: type[events.Event]) -> None:
        """The model reads it, and writes the same; nothing is lost on the way."""
        read = events.read(example(event))
        assert event is type(read)
        assert json.loads(example(event)) == json.loads(events.write(read))

    @by_event
    def test_fits_its_schema(self, event: type[events.Event]) -> None:
        """The golden schema accepts what is written."""
        schema = json.loads((schemas.FOLDER / f"{event.__name__}.json").read_text())
        validator = jsonschema.Draft202012Validator(
            schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        assert [] == [error.message for error in validator.iter_errors(json.loads(example(event)))]


class TestReply:
    """What goes to outsiders has the same rules; none of our services reads it."""

    @pytest.mark.parametrize("reply", schemas.REPLIES)
    def test_has_an_example_and_bounds(self, reply: type[events.Event]) -> None:
        body = example(reply)
        read = msgspec.json.decode(body, type=reply)
        assert json.loads(body) == json.loads(events.write(read))
        schema = json.loads((schemas.FOLDER / f"{reply.__name__}.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(json.loads(body))
        assert [] == list(_unbounded(schema))

    @pytest.mark.parametrize("reply", schemas.REPLIES)
    def test_is_none_of_our_events(self, reply: type[events.Event]) -> None:
        """On whatever topic."""
        with pytest.raises(msgspec.ValidationError):
            events.read(example(reply))

    def test_has_its_topic_on_the_events_page(self) -> None:
        """By the name that each party's topic begins with."""
        assert topics.REPLIES_PREFIX + "<party>" in EVENTS_PAGE
        assert all(f"`{reply.__name__}`" in EVENTS_PAGE for reply in schemas.REPLIES)


class TestField:
    @by_event
    def test_that_may_be_empty_may_be_left_out(self, event: type[events.Event]) -> None:
        """Events are written without their empty fields, and must be read again."""
        for struct in structs(event):
            for field in msgspec.structs.fields(struct):
                if types.NoneType in typing.get_args(field.type):
                    assert not field.required, f"{struct.__name__}.{field.name}"

    @by_event
    def test_that_is_unknown_is_passed_over(self, event: type[events.Event]) -> None:
        """A reader of today reads what a writer of tomorrow adds (fault 12)."""
        newer: dict[str, Any] = json.loads(example(event)) | {"added_later": 1}
        assert events.read(example(event)) == events.read(json.dumps(newer).encode())


class TestFigure:
    @pytest.mark.parametrize("place", ["invoiced_to_date", "quantity", "attribution"])
    @pytest.mark.parametrize("figure", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+20", "1E-21"])
    def test_that_nothing_can_be_counted_with_is_refused(self, place: str, figure: str) -> None:
        """It would poison every sum after it."""
        said: dict[str, Any] = json.loads(example(events.ReturnReceived))
        (said if place == "invoiced_to_date" else said["lines"][0])[place] = figure
        with pytest.raises(msgspec.ValidationError):
            events.read(json.dumps(said).encode())

    @pytest.mark.parametrize(
        ("figure", "written"),
        [("1E+2", "100"), ("0E-6", "0.000000"), ("-2.50", "-2.50"), ("0.000001", "0.000001")],
    )
    def test_made_plain_has_no_exponent(self, figure: str, written: str) -> None:
        """Whoever reads it in whatever language reads a decimal."""
        body = msgspec.json.encode(events.plain(decimal.Decimal(figure)))
        assert f'"{written}"'.encode() == body

    def test_that_says_nothing_is_left_out(self) -> None:
        """Half of a line's result would be zeros."""
        result = events.LineResult(
            line_id="1",
            commitment_id="c",
            outcome="counted",
            counted=decimal.Decimal(2),
            provisional=events.NIL,
            queried=events.NIL,
        )
        said = {"line_id": "1", "commitment_id": "c", "outcome": "counted", "counted": "2"}
        assert said == msgspec.to_builtins(result)


class TestBounds:
    @pytest.mark.parametrize(
        ("event", "wrong"),
        [
            (events.ReturnReceived, {"receipt_no": 0}),
            (events.ReturnReceived, {"receipt_no": 2**63 - 1}),
            (events.ReturnReceived, {"revision": 2**31}),
            (events.ContractPublished, {"version": 0}),
            (events.EntriesRecorded, {"size": -1}),
            (
                events.EntriesRecorded,
                {"entries": [{"event_id": "0" * 8 + "-0000" * 3 + "-" + "0" * 12, "index": -1}]},
            ),
            (events.DayEnded, {"day": "9999-12-31"}),
            (events.DayEnded, {"partition": -1}),
            (events.AlertRaised, {"occurred_at": "9999-12-31T00:00:00Z"}),
            (events.AlertRaised, {"authority_id": "A" * 5001}),
            (events.ReturnReceived, {"occurred_at": "0001-01-01T00:00:00Z"}),
            (events.RecordParked, {"reason": "Jane Smith, 1 High Street"}),
            (events.RecordParked, {"topic": "see https://example.org"}),
            (events.RecordParked, {"service": "another"}),
            (events.ReturnRefused, {"rules": ["a word of mine"]}),
            (events.CaseMoved, {"reason": "because I say so"}),
        ],
    )
    def test_hold_every_number_text_and_moment(
        self, event: type[events.Event], wrong: dict[str, Any]
    ) -> None:
        """What is outside is none of our events, whoever wrote it."""
        said: dict[str, Any] = json.loads(example(event)) | wrong
        with pytest.raises(msgspec.ValidationError):
            events.read(json.dumps(said).encode())

    @by_event
    def test_are_on_every_number_and_text(self, event: type[events.Event]) -> None:
        """Those of the schema itself: no number without an end, no text without a length."""
        schema = json.loads((schemas.FOLDER / f"{event.__name__}.json").read_text())
        assert [] == list(_unbounded(schema))


class TestEventsPage:
    def test_lists_the_topics_as_they_are(self) -> None:
        """Name, what it keeps, and partitions of every topic of the system."""
        row = r"^\| `(makegood\.[a-z]+\.v\d+)` \|.*\| (\d+) days \| (\d+) \|$"
        kept = {name: (int(days), int(n)) for name, days, n in _rows(row)}
        row = r"^\| `(makegood\.[a-z]+\.v\d+)` \|.*\| (compacted) \| (\d+) \|$"
        kept |= {name: (None, int(n)) for name, _, n in _rows(row)}
        assert {t.name: (t.keeps_days, t.partitions) for t in topics.ALL} == kept

    def test_lists_the_events(self) -> None:
        """Every type, on a topic that exists."""
        listed = dict(_rows(r"^\| `([A-Z]\w+)` \| `(makegood\.[a-z]+\.v\d+)` \|"))
        assert {event.__name__ for event in schemas.EVENTS} == set(listed)
        assert {topic.name for topic in topics.ALL} == set(listed.values())


def _rows(pattern: str) -> list[Any]:
    return re.findall(pattern, EVENTS_PAGE, flags=re.MULTILINE)


def _unbounded(schema: Any, path: str = "") -> Iterator[str]:
    """Where a schema has an integer or a text without bounds."""
    if isinstance(schema, list):
        for number, each in enumerate(schema):
            yield from _unbounded(each, f"{path}/{number}")
    elif isinstance(schema, dict):
        kind = schema.get("type")
        if kind == "integer" and not {"minimum", "maximum"} <= set(schema):
            yield path
        is_bounded = {"maxLength", "format", "enum", "const"} & set(schema)
        if kind == "string" and not is_bounded:
            yield path
        for name, each in schema.items():
            yield from _unbounded(each, f"{path}/{name}")
