"""From events to entries: public facts, a chain for each contract, batches of any size."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.entries import chains, facts, leaves, payloads, recording
from services.ledger.domain.log import tree
from shared.wire import events, schemas

NOON = datetime(2026, 10, 31, 12, tzinfo=UTC)


def base(number: int, contract_id: str | None = "KMBC-1") -> dict[str, Any]:
    """The fields that every event has."""
    own: dict[str, Any] = {
        "event_id": UUID(int=number),
        "authority_id": "E08000011",
        "occurred_at": NOON,
    }
    return own if contract_id is None else own | {"contract_id": contract_id}


def line(line_id: str, commitment_id: str, quantity: str, attribution: str = "1") -> events.Line:
    return events.Line(
        line_id=line_id,
        commitment_id=commitment_id,
        quantity=Decimal(quantity),
        unit="FTE",
        from_=date(2026, 10, 6),
        attribution=Decimal(attribution),
        person=events.Person(person_id=UUID(int=77)),
    )


def received(number: int, contract_id: str = "KMBC-1", **fields: Any) -> events.ReturnReceived:
    given_fields: dict[str, Any] = {
        "return_id": UUID(int=900 + number),
        "receipt_no": number,
        "party_id": "GB-COH-00000001",
        "period": "2026-10",
        "revision": 1,
    }
    return events.ReturnReceived(**base(number, contract_id) | given_fields | fields)


def result(commitment_id: str, counted: str, **fields: Any) -> events.LineResult:
    return events.LineResult(
        line_id="1",
        commitment_id=commitment_id,
        outcome="counted",
        counted=Decimal(counted),
        **fields,
    )


def arrival(event: facts.Recorded, offset: int = 0) -> recording.Arrival:
    source = leaves.Source("makegood.returns.v1", 1, 0, offset)
    return recording.Arrival(event, events.write(event), source)


def secrets(count: int, start: int = 0) -> list[payloads.Secrets]:
    return [
        payloads.cut(hashlib.shake_256(b"%d" % number).digest(payloads.SECRETS_BYTES))
        for number in range(start, start + count)
    ]


ASSESSMENT = events.Assessment(
    commitment_id="apprentices",
    commitment_version=1,
    period="2026-10",
    target=Decimal(12),
    expected="7/2",
    counted=Decimal("2.5"),
    low=Decimal("2.5"),
    high=Decimal(3),
    attainment="5/7",
    rating="Requires improvement",
    bands="ppn-2",
    returns=(UUID(int=901),),
    inputs=3,
)


class TestFacts:
    """What is public of an event."""

    def test_of_a_return(self) -> None:
        """For each commitment what was reported, quantity times attribution; no person, no line."""
        late = msgspec.structs.replace(line("3", "spend", "9"), is_late=True)
        lines = (line("1", "jobs", "1.50"), line("2", "jobs", "2", "0.5"), late)
        expected = {
            "authority_id": "E08000011",
            "party_id": "GB-COH-00000001",
            "return_id": str(UUID(int=904)),
            "receipt_no": 4,
            "revision": 1,
            "nil": False,
            "commitments": {
                "jobs": {"lines": 2, "reported": "2.50", "unit": "FTE"},
                "spend": {"lines": 1, "late": 1, "reported": "9", "unit": "FTE"},
            },
        }
        assert expected == facts.of(received(4, lines=lines))

    def test_of_a_check(self) -> None:
        """For each commitment what was counted and which rules found something; the assessments."""
        finding = events.Finding(rule="V6", code="duplicate_invoice")
        event = events.ReturnChecked(
            **base(1),
            return_id=UUID(int=901),
            receipt_no=4,
            party_id="GB-COH-00000001",
            period="2026-10",
            revision=1,
            results=(
                result("spend", "0", queried=Decimal("3.00"), findings=(finding, finding)),
                result("jobs", "1.50"),
                result("jobs", "1.00", provisional=Decimal(2)),
            ),
            assessments=(ASSESSMENT,),
            rule_set="2026.1",
        )
        said = facts.of(event)
        assert {
            "jobs": {"lines": 2, "counted": "2.50", "provisional": "2"},
            "spend": {"lines": 1, "counted": "0", "queried": "3.00", "rules": ["V6"]},
        } == said["commitments"]
        assert [
            {
                "commitment_id": "apprentices",
                "commitment_version": 1,
                "period": "2026-10",
                "target": "12",
                "expected": "7/2",
                "counted": "2.5",
                "low": "2.5",
                "high": "3",
                "attainment": "5/7",
                "rating": "Requires improvement",
                "bands": "ppn-2",
                "inputs": 3,
            }
        ] == said["assessments"]

    def test_of_a_refusal(self) -> None:
        """Party, route and rules, but no content."""
        event = events.ReturnRefused(
            **base(1, None), party_id="GB-COH-1", route="http", rules=("I1", "I7"), faults=3
        )
        assert {
            "authority_id": "E08000011",
            "party_id": "GB-COH-1",
            "route": "http",
            "rules": ["I1", "I7"],
            "faults": 3,
        } == facts.of(event)

    def test_of_a_commitment(self) -> None:
        """Its figures. Who proposed it is a person, and is left out."""
        event = events.CommitmentChanged(
            **base(1),
            contract_version=2,
            commitment=events.CommitmentVersion(
                commitment_id="jobs",
                version=2,
                state="active",
                measure="NT1",
                kind="post",
                unit="FTE",
                target=Decimal("12.0"),
                profile={"shape": "linear", "weight": 0.5},
                from_=date(2026, 4, 1),
            ),
            proposed_by="a.manager",
            approved_by="b.manager",
        )
        said = facts.of(event)
        assert {
            "authority_id": "E08000011",
            "contract_version": 2,
            "is_approved": True,
            "commitment": {
                "commitment_id": "jobs",
                "version": 2,
                "state": "active",
                "measure": "NT1",
                "kind": "post",
                "unit": "FTE",
                "target": "12.0",
                "from": "2026-04-01",
            },
        } == said

    @pytest.mark.parametrize(
        "event",
        [
            received(1, lines=(line("1", "jobs", "1"),), invoiced_to_date=Decimal("1.10")),
            events.ReturnWithdrawn(
                **base(2),
                return_id=UUID(int=9),
                receipt_no=2,
                party_id="p",
                period="2026-10",
                revision=1,
            ),
            events.ContractRegistered(
                **base(3),
                version=1,
                supplier_ids=("p",),
                starts_on=date(2026, 4, 1),
                ends_on=date(2028, 3, 31),
            ),
            events.CommitmentAssessed(**base(4), assessments=(ASSESSMENT,), rule_set="2026.1"),
            events.CaseMoved(
                **base(5),
                case_id=UUID(int=5),
                kind="shortfall",
                period="2026-10",
                moved_from=None,
                moved_to="open",
                reason="below_band",
            ),
            events.AlertRaised(
                **base(6),
                kind="shortfall_opened",
                subject="case",
                target=Decimal("1.5"),
                due_on=date(2026, 11, 9),
                rule_set="2026.1",
            ),
            events.AlertAcknowledged(**base(8), alert_id=UUID(int=6), acknowledged_by="officer"),
            events.RecordParked(
                **base(7, None),
                service="intake",
                topic="makegood.inbound.p",
                incarnation=1,
                partition=0,
                offset=4,
                digest="ab" * 32,
                reason="malformed_json",
            ),
        ],
    )
    def test_every_kind_makes_a_leaf(self, event: facts.Recorded) -> None:
        """The facts of each recorded event have its authority, and its leaf can be parsed."""
        made, _ = recording.record([arrival(event)], {}, secrets(1))
        assert made[0].leaf == leaves.parse(made[0].encoded)
        assert "E08000011" == made[0].leaf.facts["authority_id"]

    def test_names_no_officer_who_acknowledged_an_alert(self) -> None:
        """Account ids are in the encrypted event only."""
        event = events.AlertAcknowledged(**base(8), alert_id=UUID(int=6), acknowledged_by="officer")
        expected = {"authority_id": "E08000011", "alert_id": str(UUID(int=6))}
        assert expected == facts.of(event)

    def test_names_what_is_recorded(self) -> None:
        """Days, reconsiderations and what is only displayed do not become entries."""
        kinds = {kind.__name__ for kind in facts.RECORDED}
        others = {"DayEnded", "LineReconsidered", "EntriesRecorded"}
        others |= {"ContractPublished", "OfficerNamed"}
        others |= {kind.__name__ for kind in schemas.REPLIES}
        every = {kind.__name__ for kind in events.Event.__subclasses__()}
        assert every == kinds | others


class TestRecord:
    """The fold of a batch."""

    def test_chains_each_contract(self) -> None:
        """The leaves of each contract have numbers from 1 and the hash of the one before."""
        batch = [arrival(received(n, contract_id)) for n, contract_id in enumerate("ABA")]
        made, tips = recording.record(batch, {}, secrets(3))
        assert [("A", 1, None), ("B", 1, None), ("A", 2, made[0].leaf_hash.hex())] == [
            (each.leaf.contract_id, each.leaf.contract_seq, each.leaf.prev) for each in made
        ]
        assert {
            "A": chains.Tip(2, made[2].leaf_hash),
            "B": chains.Tip(1, made[1].leaf_hash),
        } == tips

    def test_entry_is_whole(self) -> None:
        """Leaf hash, commitment and sealed event belong together."""
        event = received(1)
        [made], _ = recording.record([arrival(event)], {}, secrets(1))
        assert tree.leaf_hash(made.encoded) == made.leaf_hash
        assert made.leaf.payload == made.sealed.commitment
        assert events.write(event) == payloads.unseal(made.sealed, made.event_id, made.secrets)

    @given(st.lists(st.sampled_from("ABC"), max_size=12), st.data())
    def test_batch_is_the_same_as_its_parts(
        self, contracts: Sequence[str], data: st.DataObject
    ) -> None:
        """However the events are split into batches, the entries are the same to the byte."""
        batch = [arrival(received(n, each), n) for n, each in enumerate(contracts)]
        cut = data.draw(st.integers(0, len(batch)))
        whole, tips = recording.record(batch, {}, secrets(len(batch)))
        head, first = recording.record(batch[:cut], {}, secrets(cut))
        tail, second = recording.record(batch[cut:], first, secrets(len(batch) - cut, cut))
        assert whole == head + tail
        assert tips == first | second

    def test_hashes_facts_that_do_not_fit(self) -> None:
        """Of a return on thousands of commitments the leaf has a salted digest of the facts."""
        lines = tuple(line(str(n), f"commitment-{n:04d}", "1") for n in range(1500))
        event = received(1, lines=lines)
        [made], _ = recording.record([arrival(event)], {}, secrets(1))
        salted = b"\x03" + made.secrets.salt + leaves.encode_facts(facts.of(event))
        expected = {"authority_id": "E08000011", "digest": hashlib.sha256(salted).hexdigest()}
        assert expected == made.leaf.facts
