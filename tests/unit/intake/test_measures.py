"""The measures as they are told: what a line needs, and its example, held against the rules."""

from __future__ import annotations

import copy
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.intake.domain import announcements, measures, people, returns, submission
from services.verification.domain import checks, state
from services.verification.domain.lines import Line
from shared import catalogue
from shared.catalogue import Measure
from tests.support import intake_builders as build
from tests.support import verification_builders

by_measure = pytest.mark.parametrize(
    "measure", catalogue.CATALOGUE_ENTRIES, ids=lambda measure: measure.code
)
PERSON = people.PersonIds(UUID(int=1), UUID(int=2))


def contract(measure: Measure) -> returns.Contract:
    return returns.Contract(
        contract_id=build.CONTRACT,
        authority_id=build.AUTHORITY,
        supplier_ids=frozenset({measures.SUPPLIER}),
        starts_on=date(2026, 10, 1),
        ends_on=date(2027, 9, 30),
        measures={measure.code: measure},
    )


def read(measure: Measure, line: dict[str, Any]) -> submission.Reading:
    return submission.read(build.written(build.a_return(line, period=measures.PERIOD)))


def found(measure: Measure, line: dict[str, Any]) -> list[str]:
    """The places of all faults."""
    context = build.a_context(contract=contract(measure), party_id=measures.SUPPLIER)
    return [fault.pointer for fault in returns.check(read(measure, line), context)]


def without(line: dict[str, Any], pointer: str) -> dict[str, Any]:
    rest: Any = copy.deepcopy(line)
    *above, last = pointer[1:].split("/")
    place = rest
    for step in above:
        place = place[step]
    del place[last]
    return dict(rest)


class TestAnExample:
    @by_measure
    def test_is_accepted(self, measure: Measure) -> None:
        """By the real reader and the real rules."""
        assert [] == found(measure, measures.example(measure))

    @by_measure
    def test_is_refused_without_what_it_needs(self, measure: Measure) -> None:
        """Each place that is needed is named if it is left out; each other part may be missing."""
        line = measures.example(measure)
        needs = [need.pointer for need in measures.describe(measure).needs]
        for pointer in needs:
            assert f"/lines/0{pointer}" in found(measure, without(line, pointer))
        needed = {pointer.split("/")[1] for pointer in needs}
        for name in line.keys() - needed:
            assert [] == found(measure, without(line, f"/{name}")), name


def judged(measure: Measure, line: dict[str, Any]) -> Line:
    """The line as verification reads it, on a commitment that counts in Knowsley."""
    version = verification_builders.commitment(
        commitment_id=measure.code,
        measure=measure.code,
        kind=measure.kind,
        unit=measure.unit,
        target="10",
        area=verification_builders.KNOWSLEY if measure.is_local else None,
    )
    council = verification_builders.Council()
    council.receive(verification_builders.registered(), version)
    acceptance = announcements.Acceptance(
        return_id=UUID(int=3),
        receipt_no=1,
        received_at=datetime(2026, 11, 5, tzinfo=UTC),
        supersedes=None,
        words_digest="0" * 64,
        party_id=measures.SUPPLIER,
        authority_id=build.AUTHORITY,
    )
    sent = read(measure, line).submission
    event = announcements.received(sent, acceptance, lambda _: PERSON)
    facts = state.Facts(postcodes=dict([verification_builders.place("L36 9YU")]))
    given = checks.Return(council.states["C1"], event, facts, {})
    return checks.read(given, event.lines[0], 0)


class TestWhatALineWaitsWithout:
    @pytest.mark.parametrize(
        "measure",
        [each for each in catalogue.CATALOGUE_ENTRIES if each.kind != "ratio"],
        ids=lambda measure: measure.code,
    )
    def test_is_what_verification_queries(self, measure: Measure) -> None:
        """The example counts, at least for now; without one of these it is queried."""
        line = measures.example(measure)
        assert judged(measure, line).alone.outcome in ("counted", "provisional")
        for pointer in measure.waits_without:
            assert "queried" == judged(measure, without(line, pointer)).alone.outcome, pointer

    def test_is_said_in_words(self) -> None:
        """Each place with what must be there."""
        described = measures.describe(catalogue.by_code["schools-engaged"])
        assert (("/place/school", "a school's URN"),) == described.waits_without
