"""From intake's door to what verification counts: one thing, however it is spelt, counts once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.intake.domain import announcements, people, returns, submission
from shared import catalogue
from shared.wire import events
from tests.support import intake_builders as intake
from tests.support import verification_builders as build

SECRET = b"s" * 32
MEASURES = {"spend": "local-spend", "apprentices": "apprentices-started"}
CONTRACT = returns.Contract(
    contract_id="C1",
    authority_id=build.AUTHORITY,
    supplier_ids=frozenset([build.SUPPLIER]),
    starts_on=date(2026, 10, 1),
    ends_on=date(2028, 9, 30),
    measures={name: catalogue.by_code[code] for name, code in MEASURES.items()},
)


def outcomes(*lines: dict[str, Any]) -> Counter[str]:
    """How many lines of a return have which outcome."""
    numbered = [line | {"line_id": str(number)} for number, line in enumerate(lines, 1)]
    reading = submission.read(intake.written(intake.a_return(*numbered, contract_id="C1")))
    context = intake.a_context(party_id=build.SUPPLIER, contract=CONTRACT)
    assert () == returns.check(reading, context)
    event = _received(reading.submission)
    council = build.Council()
    council.receive(
        build.registered(),
        build.commitment(),
        build.commitment(
            commitment_id="apprentices",
            measure="apprentices-started",
            kind="post",
            unit="FTE",
            target="4",
        ),
        events.read(events.write(event)),
    )
    return Counter(result.outcome for result in council.results().values())


def _received(sent: submission.Submission) -> events.ReturnReceived:
    persons = [line.person for line in sent.lines or () if line.person is not None]
    references = {people.reference(build.AUTHORITY, person) for person in persons}
    ids = {each: UUID(int=number) for number, each in enumerate(sorted(references))}
    roster = people.Roster(SECRET, ids, {})
    acceptance = announcements.Acceptance(
        return_id=UUID(int=7),
        receipt_no=1,
        received_at=datetime(2026, 11, 5, tzinfo=UTC),
        supersedes=None,
        words_digest="0" * 64,
        party_id=build.SUPPLIER,
        authority_id=build.AUTHORITY,
    )
    return announcements.received(
        sent, acceptance, lambda person: roster.find_ids(build.AUTHORITY, person)
    )


class TestOneInvoice:
    def test_counts_once(self) -> None:
        """Rule V6: its number without case, blanks, marks and zeros in front; its firm likewise."""
        numbers = [
            "INV-2231",
            "inv 2231",
            "INV\u20112231",
            "INV-2231\u200b",
            "\u202aINV-2231\u202c",
        ]
        numbers += ["\uff29\uff2e\uff36\uff0d\uff12\uff12\uff13\uff11", "INV\u00ad2231"]
        numbers += ["I\u0307NV-2231", "INV-02231", "\u0399NV-2231"]
        payees = ["GB-COH-SC123456", "GB-COH-sc123456"]
        lines = [
            intake.a_line(
                intake.SPEND,
                commitment_id="spend",
                quantity="50.00",
                invoice__net_total="50.00",
                invoice__number=number,
                invoice__payee_id=payee,
            )
            for number in numbers
            for payee in payees
        ]
        assert {"counted": 1, "queried": 19} == outcomes(*lines)


class TestOnePerson:
    def test_counts_once(self) -> None:
        """Rule V6: a person starts once."""
        lines = [
            intake.a_line(person__ref=ref, person__in_post_on=None)
            for ref in ("APP-014", "app-014", "APP\u2011014", "APP 014")
        ]
        found = outcomes(*lines)
        assert {"provisional": 1, "queried": 3} == found
