"""What the other services are told about an accepted return: figures, no names, no words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain import announcements, people, submission
from shared.delivery import topics
from shared.wire import events
from tests.support import intake_builders as build

ACCEPTANCE = announcements.Acceptance(
    return_id=UUID(int=7),
    receipt_no=3,
    received_at=datetime(2026, 11, 5, 9, tzinfo=UTC),
    supersedes=None,
    words_digest="0" * 64,
    party_id=build.PARTY,
    authority_id=build.AUTHORITY,
)


def received(document: object) -> events.ReturnReceived:
    sent = submission.read(build.written(document)).submission
    return announcements.received(
        sent, ACCEPTANCE, lambda person: people.PersonIds(UUID(int=1), None)
    )


class TestTheEvent:
    def test_says_what_was_reported(self) -> None:
        """It has figures, days, organisations and places. Its id is the return's."""
        event = received(build.a_return())
        assert [ACCEPTANCE.return_id] * 2 == [event.event_id, event.return_id]
        quantities = [Decimal(1), Decimal("18250.00"), Decimal(1), Decimal(24)]
        assert quantities == [line.quantity for line in event.lines]
        invoice = events.Invoice(
            payer_id=build.PARTY,
            payee_id="GB-COH-00000002",
            number="INV-2231",
            net_total=Decimal("18250.00"),
        )
        assert invoice == event.lines[1].invoice
        assert event.lines[2].session is not None
        assert 28 == event.lines[2].session.attendees
        assert event == events.read(events.write(event))

    def test_has_no_names_no_words_and_no_references(self) -> None:
        """They stay in intake."""
        body = events.write(received(build.a_return())).decode()
        words = ("Signatory", "director", "Plant Hire", "electrical", "second visit", "APP-014")
        assert [] == [word for word in words if word in body]

    def test_writes_a_postcode_in_one_way(self) -> None:
        """In capitals, with one blank before the last three characters."""
        event = received(build.a_return(build.a_line(place={"postcode": "l369yu"})))
        assert events.Place(postcode="L36 9YU") == event.lines[0].place

    def test_marks_a_late_line(self) -> None:
        """The event has the flag, but not the reason."""
        late = build.a_line(from_="2026-09-30", late="the sheet came late")
        event = received(build.a_return(late, build.VISIT))
        assert [True, False] == [line.is_late for line in event.lines]

    def test_is_measured_before_the_return_is_accepted(self) -> None:
        """Rule I12: a return that is too large for a message is never accepted and then stuck."""
        few = submission.read(build.written(build.a_return())).submission
        many = build.a_return(
            *(build.a_line(line_id=f"{i:0>100}", from_="2026-10-31") for i in range(5_000))
        )
        heavy = build.a_return(
            *(
                build.a_line(
                    build.SPEND,
                    line_id=f"{i:0>100}",
                    invoice__number=f"{i:1>200}",
                    invoice__payee_id="GB-CHC-" + "1" * 93,
                    invoice__payer_id="GB-CHC-" + "1" * 93,
                    invoice__credit_of="9" * 200,
                )
                for i in range(5_000)
            )
        )
        assert not announcements.is_too_large(few, 2_000, ACCEPTANCE, topics.BODY_BYTES_MAX)
        for document, is_too_large in ((many, False), (heavy, True)):
            body = build.written(document)
            reading = submission.read(body)
            sent, most = reading.submission, topics.BODY_BYTES_MAX
            assert is_too_large is announcements.is_too_large(sent, len(body), ACCEPTANCE, most)
            size = len(events.write(received(document)))
            assert is_too_large is (size > topics.BODY_BYTES_MAX)

    @given(st.integers(0, 40), st.text(min_size=1, max_size=20), st.booleans())
    def test_grows_no_more_than_assumed(self, count: int, number: str, is_terse: bool) -> None:
        """This is why a small return need not be measured."""
        terse: dict[str, Any] = {"line_id": "1", "commitment_id": "c", "quantity": "1", "unit": "u"}
        terse |= {"from": "2026-10-06", "person": {"employer_id": "GB-A-1", "ref": "1"}}
        full = build.a_line(build.SPEND, invoice__number=number)
        document = build.a_return(*[terse if is_terse else full] * count, nil=count == 0)
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(
            errors="replace"
        )
        sent = submission.read(body).submission
        if any(line.invoice and line.invoice.number is None for line in sent.lines or ()):
            return  # not an invoice number: such a return is never accepted
        event = announcements.received(
            sent, ACCEPTANCE, lambda person: people.PersonIds(UUID(int=1), UUID(int=2))
        )
        most = len(body) * announcements.EVENT_GROWTH_MAX + announcements.EVENT_BYTES_BASE
        assert len(events.write(event)) <= most
