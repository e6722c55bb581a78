"""Entries in words: every type has its sentence, and no leaf breaks one."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.entries import facts, words
from shared.wire import events

FIRM = "GB-COH-00000001"


def leaf(type_: str, period: str | None = "2026-10", /, **said: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": type_,
        "contract_id": "C1",
        "facts": {"authority_id": "A"} | said,
    }
    return made if period is None else made | {"period": period}


RETURN = {"party_id": FIRM, "revision": 2, "receipt_no": 24}
COMMITMENT = {
    "commitment_id": "spend",
    "version": 2,
    "state": "active",
    "target": "600000",
    "unit": "GBP",
    "from": "2026-10-06",
}
RATED = [
    {"commitment_id": name, "period": "2026-10", "rating": "Good"}
    for name in ("spend", "visits", "weeks", "jobs", "hours")
]
ALERT = {"supplier_id": FIRM, "commitment_id": "spend", "rating": "Inadequate"}
TABLE = [
    (
        leaf("ReturnReceived", nil=False, **RETURN),
        f"Return for October 2026 received from {FIRM}, revision 2, receipt 24.",
    ),
    (
        leaf("ReturnReceived", nil=True, **RETURN),
        f"Nil return for October 2026 received from {FIRM}, revision 2, receipt 24.",
    ),
    (
        leaf("ReturnWithdrawn", **RETURN),
        f"Return for October 2026 of {FIRM}, revision 2, withdrawn, receipt 24.",
    ),
    (
        leaf("ReturnRefused", None, party_id=FIRM, rules=["I2", "I4"], faults=3),
        f"Return of {FIRM} refused: 3 faults (I2, I4).",
    ),
    (
        leaf("ReturnRefused", None, party_id=FIRM, rules=["form"], faults=1),
        f"Return of {FIRM} refused: 1 fault (form).",
    ),
    (
        leaf("ReturnRefused", None, party_id=FIRM, rules=["I2"], faults=40, count=17),
        f"17 further returns of {FIRM} refused on one day (I2).",
    ),
    (
        leaf(
            "ContractRegistered",
            None,
            version=1,
            supplier_ids=[FIRM, "GB-CHC-1"],
            starts_on="2026-10-06",
            ends_on="2028-10-05",
        ),
        f"Contract C1 registered: {FIRM}, GB-CHC-1, 6 October 2026 to 5 October 2028.",
    ),
    (
        leaf(
            "ContractRegistered",
            None,
            version=3,
            supplier_ids=[FIRM],
            starts_on="2026-10-06",
            ends_on="2029-01-01",
        ),
        f"Contract C1 changed to version 3: {FIRM}, 6 October 2026 to 1 January 2029.",
    ),
    (
        leaf("CommitmentChanged", None, commitment=COMMITMENT),
        "Commitment spend, version 2, approved: 600000 GBP from 6 October 2026.",
    ),
    (
        leaf(
            "CommitmentChanged",
            None,
            commitment={k: v for k, v in COMMITMENT.items() if k != "from"} | {"state": "draft"},
        ),
        "Commitment spend, version 2, proposed: 600000 GBP.",
    ),
    (
        leaf("CommitmentChanged", None, commitment=COMMITMENT | {"state": "closed"}),
        "Commitment spend, version 2, closed: 600000 GBP from 6 October 2026.",
    ),
    (
        leaf("ReturnChecked", withdrawn=False, assessments=RATED[:2], **RETURN),
        f"Return for October 2026 of {FIRM}, revision 2, checked: spend is Good, visits is Good.",
    ),
    (
        leaf("ReturnChecked", withdrawn=True, assessments=[], **RETURN),
        f"Withdrawal of the return for October 2026 of {FIRM}, revision 2, checked.",
    ),
    (
        leaf("CommitmentAssessed", None, assessments=RATED, part=2, parts=3),
        (
            "Decided after a day ended or a line of another contract changed (part 2 of 3): spend "
            "is Good for October 2026, visits is Good for October 2026, weeks is Good for October "
            "2026, 2 more were rated."
        ),
    ),
    (
        leaf("CaseMoved", kind="shortfall", commitment_id="spend", moved_to="opened", reason="r_b"),
        "Shortfall case of spend for October 2026: opened (r b).",
    ),
    (
        leaf(
            "CaseMoved",
            kind="no_data",
            party_id=FIRM,
            moved_from="opened",
            moved_to="resolved_completely",
            reason="return_received",
        ),
        (
            f"No-data case of {FIRM} for October 2026: opened to resolved completely "
            "(return received)."
        ),
    ),
    (
        leaf("AlertRaised", kind="return_due", supplier_id=FIRM, due_on="2026-11-13"),
        f"Alert: the return of {FIRM} for October 2026 is due by 13 November 2026.",
    ),
    (
        leaf("AlertRaised", kind="return_overdue", supplier_id=FIRM, due_on="2026-11-13"),
        f"Alert: the return of {FIRM} for October 2026 was due by 13 November 2026.",
    ),
    (
        leaf("AlertRaised", kind="shortfall_opened", **ALERT),
        "Alert: spend is behind at the end of October 2026, rated Inadequate.",
    ),
    (
        leaf("AlertRaised", kind="shortfall_worsened", **ALERT),
        "Alert: spend fell further behind by the end of October 2026, rated Inadequate.",
    ),
    (
        leaf("AlertRaised", kind="shortfall_recovered", **ALERT | {"rating": "Good"}),
        "Alert: spend is back on course at the end of October 2026, rated Good.",
    ),
    (
        leaf("AlertRaised", kind="duplicate_claim", **ALERT),
        f"Alert: {FIRM} claims for spend in October 2026 what was claimed before.",
    ),
    (
        leaf("AlertRaised", kind="correction_changed_rating", rating_before="Good", **ALERT),
        (
            "Alert: a correction would change the rating of spend for October 2026 from Good to "
            "Inadequate; the rating stands."
        ),
    ),
    (
        leaf("AlertRaised", kind="queue_holds_rating", **ALERT | {"rating": "Other"}),
        ("Alert: spend cannot be rated for October 2026 until the council has decided lines."),
    ),
    (
        leaf("AlertRaised", kind="contract_ends_with_gap", ends_on="2027-01-31", **ALERT),
        (
            "Alert: the contract ends on 31 January 2027, and spend is behind at the end of "
            "October 2026, rated Inadequate."
        ),
    ),
    (
        leaf("AlertRaised", None, kind="commitment_without_owner"),
        "Alert: nobody at the council is named as its owner.",
    ),
    (
        leaf("AlertAcknowledged", alert_id="0199b6c2-0110-7a00-8000-5f0d8c1e0110"),
        "Alert 0199b6c2-0110-7a00-8000-5f0d8c1e0110 acknowledged.",
    ),
    (
        leaf(
            "RecordParked",
            None,
            service="intake",
            topic=f"makegood.inbound.{FIRM}",
            partition=0,
            offset=5,
            reason="malformed_json",
            digest="ab" * 32,
        ),
        (
            f"A record that intake could not take was parked: makegood.inbound.{FIRM}, partition "
            "0, offset 5 (malformed json)."
        ),
    ),
    (
        leaf("RecordTakenUp", None, service="ledger", record_id="e1"),
        "A parked record was taken up by ledger: event e1.",
    ),
    (
        leaf("ReturnChecked", digest="ab" * 32),
        "Return checked on contract C1 for October 2026. The figures are in the event.",
    ),
    (
        leaf("CommitmentAssessed", None, digest="ab" * 32),
        "Commitments assessed on contract C1. The figures are in the event.",
    ),
    (leaf("Strange"), "An event of the type Strange, which this program does not know."),
]


class TestWords:
    @pytest.mark.parametrize(("said", "sentence"), TABLE)
    def test_are_one_plain_sentence(self, said: dict[str, Any], sentence: str) -> None:
        """Of each type, and of each of its shapes."""
        assert sentence == words.of(said)

    def test_exist_for_every_type(self) -> None:
        """Each event that is recorded is in the table, and so is each kind of alert."""
        said = {str(each["type"]) for each, _ in TABLE} - {"Strange"}
        assert said == {kind.__name__ for kind in facts.RECORDED}
        kinds = {each["facts"].get("kind") for each, _ in TABLE if each["type"] == "AlertRaised"}
        assert kinds == set(get_args(get_type_hints(events.AlertRaised)["kind"]))

    @given(
        st.sampled_from([kind.__name__ for kind in facts.RECORDED]),
        st.dictionaries(
            st.sampled_from(["rules", "commitment", "assessments", "due_on", "kind", "part"]),
            st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text())),
        ),
        st.one_of(st.text(), st.just("2026-13"), st.none()),
    )
    def test_never_fail(self, kind: str, said: dict[str, Any], period: str | None) -> None:
        """A leaf that somebody made up is described too."""
        assert words.of({"type": kind, "facts": said, "period": period}).endswith(".")
