"""A contract is the fold of its journal: example 15, and the laws of the fold."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
from hypothesis import given, settings

from services.verification.domain import fold, state, world
from services.verification.domain.lines import Line, Lines
from services.verification.domain.state import Facts
from shared.wire import events
from tests.support import arrivals
from tests.support import verification_builders as build
from tests.support.arrivals import History


def _said(decisions: state.Decisions) -> list[bytes]:
    decisions.alerts = list(decisions.alerts)
    posted = (*decisions.outcomes, *decisions.alerts, *decisions.reconsider)
    rows = (*decisions.lines_gone, *decisions.lines_put)
    claims = (*decisions.claims_gone, *decisions.claims_put)
    return [
        *map(events.write, posted),
        *map(state.to_bytes, rows),
        *(repr(claim).encode() for claim in claims),
    ]


def _lived(history: History) -> tuple[build.Council, list[bytes]]:
    """A history with days in between, taken in live; what the first contract said."""
    council = build.Council()
    said: list[bytes] = []
    for contract_id in ("C1", "C2", "C3"):
        for decisions in council.receive(
            build.registered(contract_id), build.commitment(contract_id)
        ):
            said.extend(_said(decisions) if contract_id == "C1" else ())
    for number, event in enumerate(history.inputs):
        (decisions,) = council.receive(event)
        said.extend(_said(decisions) if event.contract_id == "C1" else ())
        while council.reconsider:
            message = council.reconsider.popleft()
            (decisions,) = council.receive(message)
            said.extend(_said(decisions) if message.contract_id == "C1" else ())
        day = date(2026, 11, 5) + timedelta(days=8 * number)
        said.extend(_said(council.end("C1", day)))
    return council, said


class TestFold:
    @settings(max_examples=60, deadline=None)
    @given(history=arrivals.INVOICES)
    def test_from_zero_says_the_same_to_the_byte(self, history: History) -> None:
        """Law: the journal with its facts gives the same state, rows and events."""
        council, said = _lived(history)
        lines = Lines()
        after: state.State | None = None
        again: list[bytes] = []
        for event, facts in council.journal["C1"]:
            kept = state.facts_from_bytes(state.to_bytes(facts))
            after, decisions = fold.fold(after, event, kept, lines)
            lines.drop(decisions.lines_gone)
            lines.put(decisions.lines_put)
            again.extend(_said(decisions))
        assert after is not None
        assert state.to_bytes(after) == state.to_bytes(council.states["C1"])
        assert again == said

    @settings(max_examples=60, deadline=None)
    @given(history=arrivals.INVOICES)
    def test_goes_on_the_same_from_stored_bytes(self, history: History) -> None:
        """Law: a batch of n is n batches of one: between any two inputs state, lines and facts may
        go to bytes and back, and only the lines that are needed come back."""
        council, said = _lived(history)
        stored: dict[tuple[str, str, str], bytes] = {}
        after: state.State | None = None
        again: list[bytes] = []
        for event, facts in council.journal["C1"]:
            lines = Lines()
            if after is not None:
                after = state.from_bytes(state.to_bytes(after))
                wanted = world.needs(after, event)
                rows = [msgspec.json.decode(row, type=Line) for row in stored.values()]
                lines.put(r for r in rows if (r.period, r.party_id) in wanted.slots)
                keys = wanted.keys | world.keys(after, lines.all())
                lines.put(r for r in rows if r.claim and r.claim.key in keys)
            after, decisions = fold.fold(after, event, facts, lines)
            for row in decisions.lines_gone:
                del stored[row.id]
            stored.update((row.id, state.to_bytes(row)) for row in decisions.lines_put)
            again.extend(_said(decisions))
        assert again == said
        assert stored == {row.id: state.to_bytes(row) for row in council.rows("C1")}

    def test_leaves_what_it_was_given_untouched(self) -> None:
        """It is pure."""
        council = build.Council()
        council.receive(build.registered(), build.commitment())
        before = council.states["C1"]
        written = state.to_bytes(before)
        event = build.returned(1, "2026-10", build.line(invoice=build.invoice()))
        first = fold.fold(before, event, Facts(), Lines())
        second = fold.fold(before, event, Facts(), Lines())
        assert state.to_bytes(before) == written
        assert state.to_bytes(first[0]) == state.to_bytes(second[0]) != written

    def test_says_its_causes_time(self) -> None:
        """Never now."""
        council = build.Council()
        event = build.returned(1, "2026-10", build.line())
        council.receive(build.registered(), build.commitment(), event)
        posted = [*council.outcomes, *council.alerts]
        assert {each.occurred_at for each in posted} == {event.occurred_at}
        assert {each.caused_by for each in posted} == {event.event_id}


class TestReport:
    def test_can_be_corrected_and_credited(self) -> None:
        """Example 15: as at the end of November, December and February."""
        council = build.Council()
        council.receive(build.registered(starts_on="2026-10-06"), build.commitment())
        council.days("2026-10-06", "2026-11-09")
        spend = build.invoice("INV-2231", "18250")
        figures = []
        council.receive(
            build.returned(
                1, "2026-10", build.line("2", "18250.00", invoice=spend), day="2026-11-10"
            )
        )
        council.days("2026-11-10", "2026-11-30")
        figures.append(council.sums().counted)
        council.receive(
            build.returned(
                2,
                "2026-10",
                build.line("2", "15250.00", invoice=spend),
                revision=2,
                day="2026-12-09",
            )
        )
        council.days("2026-12-01", "2026-12-31")
        figures.append(council.sums().counted)
        credit = build.invoice("CN-7", "-1000", credit_of="INV-2231")
        council.receive(
            build.returned(
                3, "2027-01", build.line("1", "-1000.00", invoice=credit), day="2027-02-10"
            )
        )
        council.days("2027-01-01", "2027-02-28")
        figures.append(council.sums().counted)
        assert [18250, 15250, 14250] == figures
        assert {
            "2026-10": 15250,
            "2027-01": -1000,
        } == {period: result.counted for (period, _, _), result in council.results().items()}


class TestRefusal:
    def test_names_what_cannot_be_folded(self) -> None:
        """Codes: the message is parked with them."""
        council = build.Council()
        council.receive(build.registered(), build.commitment(version=2))
        first = build.returned(1, "2026-10")
        council.receive(first, build.returned(2, "2026-10", revision=2))
        known = council.states["C1"]
        assert [
            "contract_unknown",
            "version_stale",
            "version_stale",
            "commitment_unreadable",
            "revision_stale",
            None,
        ] == [
            fold.refusal(None, build.returned(1)),
            fold.refusal(known, build.registered()),
            fold.refusal(known, build.commitment(version=2)),
            fold.refusal(known, build.commitment(version=3, profile={})),
            fold.refusal(known, first),
            fold.refusal(known, build.returned(2, "2026-10", revision=3)),
        ]

    def test_is_refused_for_a_kind_that_is_not_assessed(self) -> None:
        """A share summed up as if it were pounds would be a silent error."""
        council = build.Council()
        council.receive(build.registered())
        share = build.commitment(kind="ratio", measure="local-spend-share")
        assert "commitment_unreadable" == fold.refusal(council.states["C1"], share)


class TestChange:
    def test_never_turns_a_shortfall_into_a_recovery(self) -> None:
        """Rule A1: a slower profile from March on; what was expected then stays expected."""
        slower = {"kind": "milestone", "from": "2026-10-01", "by": "2028-09-30"}
        council = build.Council()
        council.receive(
            build.registered(),
            build.commitment(),
            build.commitment(version=2, profile=slower, **{"from": "2027-03-01"}),
        )
        months = ["2026-10", "2026-11", "2026-12", "2027-01", "2027-02", "2027-03"]
        council.file(*(build.returned(place + 1, each) for place, each in enumerate(months)))
        assert ("2027-03", "Inadequate") == council.ratings()[-1]
