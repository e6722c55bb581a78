"""A return that can be read in one way only, and what the next service reads of it (rule I13)."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.intake.domain import announcements, faults, field_help, people, returns, submission
from shared import catalogue
from shared.wire import events
from tests.support import intake_builders as build
from tests.support import reference

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
ODD_TEXTS = {"nul": "a\x00b", "surrogate": "a\ud800b", "control": "a\x01b", "long": "7" * 2_001}
NO_TEXTS = {"revision", "nil", "attendees", "declaration", "lines", "person", "place", "invoice"}
NO_TEXTS |= {"session", "evidence", "this_contract_and_period_only", "answers_a_commitment"}
ACCEPTANCE = announcements.Acceptance(
    return_id=UUID(int=7),
    receipt_no=3,
    received_at=datetime(2026, 11, 5, tzinfo=UTC),
    supersedes=None,
    words_digest="0" * 64,
    party_id=build.PARTY,
    authority_id=build.AUTHORITY,
)
EVERY_FIELD = build.a_return(
    build.a_line(
        to="2026-10-06",
        person__shared_id="1234567890",
        person__left_on="2026-11-02",
        late="late",
        recovery="more to come",
    ),
    build.a_line(
        build.SPEND,
        quantity="-5.00",
        invoice__credit_of="INV-1",
        invoice__date="2026-10-20",
        evidence=[{"evidence_id": "1", "reference": "file 1", "sha256": "a" * 64}],
    ),
    build.VISIT,
    reason="more",
)


def texts(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all texts in a document."""
    if isinstance(value, str):
        yield path
    for step, each in value.items() if isinstance(value, dict) else ():
        yield from texts(each, (*path, step))
    for index, each in enumerate(value if isinstance(value, list) else ()):
        yield from texts(each, (*path, index))


def check(body: bytes, **context: Any) -> tuple[faults.Fault, ...]:
    return returns.check(submission.read(body), build.a_context(**context))


def received(document: object) -> events.ReturnReceived:
    """The event of a return, as the next service reads it."""
    sent = submission.read(build.written(document)).submission
    ids = people.PersonIds(UUID(int=1), UUID(int=2))
    event = announcements.received(sent, ACCEPTANCE, lambda _: ids)
    read = events.read(events.write(event))
    assert isinstance(read, events.ReturnReceived)
    return read


class TestEveryText:
    @pytest.mark.parametrize("path", list(texts(EVERY_FIELD)), ids=faults.pointer)
    @pytest.mark.parametrize("sort", list(ODD_TEXTS))
    def test_that_is_odd_is_refused_by_name(self, path: tuple[str | int, ...], sort: str) -> None:
        """Rules I12 and I13: a NUL, half a pair, another control character, too many of them."""
        document = copy.deepcopy(EVERY_FIELD)
        *above, last = path
        place: Any = document
        for step in above:
            place = place[step]
        place[last] = ODD_TEXTS[sort]
        assert faults.pointer(path) in {fault.pointer for fault in check(build.written(document))}

    def test_is_in_the_table(self) -> None:
        """The document of the table has every field of a return that holds a text."""
        assert set(field_help.FORMS) - NO_TEXTS == {path[-1] for path in texts(EVERY_FIELD)}


class TestAKeyGivenTwice:
    def test_is_refused_by_name(self) -> None:
        """Rule I13, at any depth; nothing else is said of that key."""
        twice = build.written(build.a_return(build.VISIT))
        twice = twice.replace(b'"quantity": "1"', b'"quantity": "1", "quantity": "9"')
        twice = twice.replace(b'"revision": 1', b'"revision": 1, "revision": 2')
        assert {("I13", "/revision"), ("I13", "/lines/0/quantity")} == {
            (fault.rule, fault.pointer) for fault in check(twice)
        }


class TestAnEncoding:
    def test_may_begin_with_a_byte_order_mark(self) -> None:
        """It is passed over."""
        assert () == check(BYTE_ORDER_MARK + build.written(build.a_return()))

    @pytest.mark.parametrize(
        ("body", "word"),
        [
            (build.written(build.a_return()).decode().encode("utf-16"), "UTF-16"),
            (build.written(build.a_return()).decode().encode("utf-16-le"), "UTF-16"),
            (b'{"reason": "caf\xe9"}', "byte 15 is 0xe9"),
        ],
    )
    def test_that_is_not_utf_8_is_named(self, body: bytes, word: str) -> None:
        """So that its sender knows what to change."""
        (fault,) = check(body)
        assert word in fault.message


class TestANumber:
    def test_is_one_number_in_all_its_spellings(self) -> None:
        """-0 is 0 and 0005.50 is 5.50, where they are read, shown and sent on."""
        line = build.a_line(build.SPEND, quantity="-0", invoice__net_total="-0.00")
        other = build.a_line(build.SPEND, line_id="9", quantity="0005.50")
        document = build.a_return(line, other, invoiced_to_date="-0")
        assert () == check(build.written(document))
        lines = submission.read(build.written(document)).submission.lines or ()
        assert ["0", "5.50"] == [each.quantity for each in lines]
        event = received(document)
        assert event.lines[0].invoice is not None
        assert ["0", "5.50", "0.00", "0"] == [
            str(figure)
            for figure in (
                *(each.quantity for each in event.lines),
                event.lines[0].invoice.net_total,
                event.invoiced_to_date,
            )
        ]


class TestWhatIsAccepted:
    def test_is_read_by_the_next_service(self) -> None:
        """The types of the doors have no value that the wire has not."""
        long = build.a_line(
            build.SPEND,
            line_id="1" * 100,
            invoice__number="9" * 200,
            invoice__payee_id="GB-CHC-" + "1" * 93,
        )
        document = build.a_return(build.APPRENTICE, long, build.VISIT)
        document["lines"][0]["line_id"] = "a/b:c._-"
        assert () == check(build.written(document))
        assert 3 == len(received(document).lines)

    def test_names_places_and_firms_in_their_normal_form(self) -> None:
        """However they were spelt. An invoice's number stays as people know it."""
        line = build.a_line(
            build.SPEND,
            invoice__payee_id="gb-coh-1234567",
            invoice__number=" inv 2231",
            place={"postcode": " l36\u00a0 9yg", "school": "gb-edu-143878"},
        )
        (read,) = received(build.a_return(line)).lines
        assert events.Place(postcode="L36 9YG", school="GB-EDU-143878") == read.place
        assert read.invoice is not None
        assert ("GB-COH-01234567", "inv 2231") == (read.invoice.payee_id, read.invoice.number)


@reference.needed
class TestTheCases:
    """From the field, with their right values."""

    CONTRACT = returns.Contract(
        contract_id="TC-2026-01",
        authority_id=build.AUTHORITY,
        supplier_ids=frozenset([build.PARTY]),
        starts_on=date(2026, 4, 1),
        ends_on=date(2028, 3, 31),
        measures={
            "spend": catalogue.by_code["local-spend"],
            "visits": catalogue.by_code["school-visits"],
            "appr": catalogue.by_code["apprentices-started"],
        },
    )

    @pytest.mark.parametrize(
        ("name", "today", "places"),
        [
            ("byte-order-mark", date(2026, 7, 6), set()),
            ("utf-16", date(2026, 7, 6), {""}),
            ("duplicate-key", date(2026, 7, 6), {"/lines/0/quantity"}),
            (
                "digits-as-dates",
                date(2026, 8, 6),
                {"/lines/0/from", "/lines/1/person/left_on"},
            ),
            ("minus-zero", date(2026, 9, 6), set()),
            ("invoice-spellings", date(2026, 7, 6), set()),
            ("payee-spellings", date(2026, 8, 6), set()),
            ("person-spellings", date(2026, 9, 6), set()),
            ("post-without-person-1", date(2027, 5, 6), {"/lines/0/person"}),
            ("post-without-person-2", date(2027, 9, 6), {"/lines/0/person"}),
            ("nil-before-month-ends", date(2027, 4, 1), set()),
        ],
    )
    def test_are_read_right(self, name: str, today: date, places: set[str]) -> None:
        """Refused by name, or accepted."""
        body = reference.case_bytes(f"{name}.json")
        assert places == {
            fault.pointer for fault in check(body, contract=self.CONTRACT, today=today)
        }

    def test_of_postcodes_are_read_right(self) -> None:
        """One case holds many spellings."""
        cases = reference.case("postcodes")
        for wanted, spellings in ((0, cases["must_be_taken"]), (1, cases["must_be_refused"])):
            for each in spellings:
                line = build.a_line(build.SPEND, place={"postcode": each})
                assert wanted == len(check(json.dumps(build.a_return(line)).encode())), each
