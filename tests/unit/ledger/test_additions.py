"""What an export has that an earlier one had not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from services.ledger.audit import additions, audit
from services.ledger.domain.entries import facts, leaves, recording
from services.ledger.domain.entries.payloads import Disclosed
from shared.wire import ids
from tests.support import ledger_service as build
from tests.unit.ledger import test_audit as exports

OCTOBER = build.assessment("visits", "2026-10", "9", "Requires improvement")
FIRST = build.received(1)
REVISED = build.received(2, revision=2, supersedes=FIRST.return_id)
BACK = build.withdrawn(REVISED, 3)
EVENTS: list[facts.Recorded] = [
    FIRST,  # 0
    build.checked(FIRST, assessments=(OCTOBER, build.assessment("jobs", "2026-10", "1"))),  # 1
    REVISED,  # 2
    build.checked(
        REVISED,
        assessments=(
            build.assessment("visits", "2026-10", "12", replaces=True),
            build.assessment("jobs", "2026-10", "1", replaces=True),
        ),
    ),  # 3
    BACK,  # 4
    build.checked(
        REVISED,
        event_id=ids.derived("back"),
        withdrawn=True,
        caused_by=BACK.event_id,
        receipt_no=3,
        assessments=(build.assessment("visits", "2026-10", "0", "Other", reason="data_missing"),),
    ),  # 5
    build.assessed(date(2026, 12, 14), build.assessment("visits", "2026-11", "0", "Other")),  # 6
    build.parked(1),  # 7
]


def export(*sent: facts.Recorded) -> audit.Export:
    arrivals = [exports.arrival(event, exports.RETURNS, n) for n, event in enumerate(sent)]
    made, _ = recording.record(arrivals, {}, exports.secrets(len(arrivals)))
    encoded = tuple(entry.encoded for entry in made)
    disclosed = {
        index: Disclosed(arrival.body, entry.secrets.salt)
        for index, (arrival, entry) in enumerate(zip(arrivals, made, strict=True))
    }
    return audit.Export(exports.signed(encoded), encoded, disclosed=disclosed)


def since(size: int, pack: audit.Export | None = None) -> additions.Additions:
    """What was added to the first `size` entries, after the audit of the whole has held."""
    found = additions.Additions(size)
    watched = found.watch(export(*EVENTS) if pack is None else pack)
    report = audit.check(watched, exports.KEY.verifier_key, origin=exports.ORIGIN)
    assert report.holds
    return found


class TestAdded:
    def test_are_counted_by_contract_and_type(self) -> None:
        """With the newest of each; what is of no contract comes first."""
        found = [(e.contract_id, e.type, e.entries, e.newest) for e in since(1).added()]
        assert [
            (None, "RecordParked", 1, 7),
            ("C1", "CommitmentAssessed", 1, 6),
            ("C1", "ReturnChecked", 3, 5),
            ("C1", "ReturnReceived", 1, 2),
            ("C1", "ReturnWithdrawn", 1, 4),
        ] == found

    def test_have_receipts(self) -> None:
        """Of returns and of withdrawals."""
        found = since(2).receipts
        assert [(2, 2, "ReturnReceived", 2), (3, 4, "ReturnWithdrawn", 2)] == [
            (each.receipt_no, each.entry, each.type, each.revision) for each in found
        ]

    def test_are_none_in_the_same_export(self) -> None:
        """Nothing is new, and nothing changed."""
        found = since(len(EVENTS))
        assert (0, [], [], []) == (found.count, found.added(), found.receipts, found.changed())


class TestChanged:
    def test_says_what_was_before_and_what_did_it(self) -> None:
        """From 9 and Requires improvement to 0 and Other, by a revision and a withdrawal. The jobs,
        which were stated again as they were, have not changed."""
        visits, november = since(2).changed()
        assert visits.before is not None
        assert (1, "Requires improvement", "9") == (
            visits.before.entry,
            visits.before.figure.rating,
            visits.before.figure.counted,
        )
        assert (5, "Other", "data_missing", "0") == (
            visits.after.entry,
            visits.after.figure.rating,
            visits.after.figure.reason,
            visits.after.figure.counted,
        )
        assert [(3, "return_revised", 2, 2), (5, "return_withdrawn", 3, 4)] == [
            (by.entry, by.cause.kind, by.cause.receipt_no, by.cause_entry) for by in visits.by
        ]
        assert ("2026-11", None) == (november.key.period, november.before)
        assert [(6, "day_ended", None)] == [
            (by.entry, by.cause.kind, by.cause_entry) for by in november.by
        ]

    def test_finds_a_cause_that_was_recorded_later(self) -> None:
        """Topics are read side by side: a check may come before its return."""
        first = build.checked(FIRST, assessments=(OCTOBER,))
        (found,) = since(0, export(first, FIRST)).changed()
        assert [(0, 1)] == [(by.entry, by.cause_entry) for by in found.by]

    def test_names_what_it_cannot_read(self) -> None:
        """The leaf has only a digest. With the event the figures are there."""
        pack = export(FIRST, build.checked(FIRST, assessments=_MANY))
        assert "digest" in leaves.parse(tuple(pack.entries)[1]).facts
        found = since(0, pack)
        assert (400, []) == (len(found.changed()), found.unread)
        hidden = since(0, replace(pack, disclosed={}))
        assert ([], [1]) == (hidden.changed(), hidden.unread)

    @pytest.mark.parametrize("said", [7, [{"period": 7}]])
    def test_names_what_nobody_stated(self, said: object) -> None:
        """A leaf that somebody made up, with the log's key."""
        pack = export(*EVENTS[:2])
        first, second = map(leaves.parse, pack.entries)
        forged = msgspec.structs.replace(second, facts=second.facts | {"assessments": said})
        encoded = (leaves.build(first), leaves.build(forged))
        signed = exports.signed(encoded)
        assert [1] == since(0, replace(pack, entries=encoded, checkpoint=signed)).unread


_MANY = tuple(
    build.assessment(f"commitment-{number}", "2026-10", "9", "Requires improvement")
    for number in range(400)
)
"""Their facts do not fit into a leaf."""
