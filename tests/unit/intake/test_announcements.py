"""What the other services hear of an accepted return: figures, and neither names nor words."""

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


def passed_on(document: object) -> events.ReturnReceived:
    given_ = submission.read(build.written(document)).submission
    return announcements.received(
        given_, ACCEPTANCE, lambda person: people.PersonIds(UUID(int=1), None)
    )


class TestTheEvent:
    def test_says_what_was_reported(self) -> None:
        """Figures, days, organisations, places; the return's id is the event's."""
        event = passed_on(build.a_return())
        assert event.event_id == event.return_id == ACCEPTANCE.return_id
        assert [line.quantity for line in event.lines] == [
            Decimal(1),
            Decimal("18250.00"),
            Decimal(1),
            Decimal(24),
        ]
        assert event.lines[1].invoice == events.Invoice(
            payer_id=build.PARTY,
            payee_id="GB-COH-00000002",
            number="INV-2231",
            net_total=Decimal("18250.00"),
        )
        assert event.lines[2].session is not None
        assert 28 == event.lines[2].session.attendees
        assert events.read(events.write(event)) == event

    def test_has_no_names_no_words_and_no_references(self) -> None:
        """They stay where they were taken."""
        body = events.write(passed_on(build.a_return())).decode()
        words = ("Signatory", "director", "Plant Hire", "electrical", "second visit", "APP-014")
        assert [] == [word for word in words if word in body]

    def test_writes_a_postcode_in_one_way(self) -> None:
        """Capitals, and one blank before the last three."""
        event = passed_on(build.a_return(build.a_line(place={"postcode": "l369yu"})))
        assert event.lines[0].place == events.Place(postcode="L36 9YU")

    def test_marks_a_late_line(self) -> None:
        """The flag goes on, the reason stays."""
        late = build.a_line(from_="2026-09-30", late="the sheet came late")
        event = passed_on(build.a_return(late, build.VISIT))
        assert [True, False] == [line.is_late for line in event.lines]

    def test_is_measured_before_it_is_promised(self) -> None:
        """Rule I12: what does not fit into a message is never accepted and stuck."""
        few = submission.read(build.written(build.a_return())).submission
        many = build.a_return(
            *(build.a_line(line_id=f"{i:0>100}", from_="2026-10-31") for i in range(5_000))
        )
        heavy = build.a_return(
            *(
                build.a_line(
                    build.SPEND,
                    line_id=f"{i:0>100}",
                    invoice__number=f"{i:0>200}",
                    invoice__payee_id="GB-COH-" + "0" * 93,
                    invoice__payer_id="GB-COH-" + "0" * 93,
                    invoice__credit_of="9" * 200,
                )
                for i in range(5_000)
            )
        )
        assert not announcements.is_too_large(few, 2_000, ACCEPTANCE, topics.BODY_BYTES_MAX)
        for document, is_too_large in ((many, False), (heavy, True)):
            body = build.written(document)
            reading = submission.read(body)
            given_, most = reading.submission, topics.BODY_BYTES_MAX
            assert announcements.is_too_large(given_, len(body), ACCEPTANCE, most) is is_too_large
            size = len(events.write(passed_on(document)))
            assert (size > topics.BODY_BYTES_MAX) is is_too_large

    @given(st.integers(0, 40), st.text(min_size=1, max_size=20), st.booleans())
    def test_grows_no_more_than_assumed(self, count: int, number: str, is_terse: bool) -> None:
        """Why a small return need not be measured."""
        terse: dict[str, Any] = {"line_id": "1", "commitment_id": "c", "quantity": "1", "unit": "u"}
        terse |= {"from": "2026-10-06", "person": {"employer_id": "GB-A-1", "ref": "1"}}
        full = build.a_line(build.SPEND, invoice__number=number)
        document = build.a_return(*[terse if is_terse else full] * count, nil=count == 0)
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode(
            errors="replace"
        )
        given_ = submission.read(body).submission
        if any(line.invoice and line.invoice.number is None for line in given_.lines or ()):
            return  # not a number: such a return has no event
        event = announcements.received(
            given_, ACCEPTANCE, lambda person: people.PersonIds(UUID(int=1), UUID(int=2))
        )
        most = len(body) * announcements.EVENT_GROWTH_MAX + announcements.EVENT_BYTES_BASE
        assert len(events.write(event)) <= most
