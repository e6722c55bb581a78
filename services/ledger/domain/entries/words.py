"""Entries in words: one plain sentence for each, made of its leaf.

Promises: pure; says no more than the leaf, which is public; every type has a sentence, also one
whose facts were too long for a leaf. A leaf in a strange form gets a sentence too, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from shared import calendar

RATINGS_SHOWN_MAX: Final = 3
"""In one sentence; the others are counted."""

Leaf = Mapping[str, Any]


DAMAGED: Final = "The leaf of this entry is damaged. A check of the books tells more."


def of(leaf: Leaf) -> str:
    """The sentence of an entry, from its leaf as JSON."""
    facts = leaf.get("facts")
    if not isinstance(facts, dict):
        facts = {}
    describe = _BY_TYPE.get(str(leaf.get("type")))
    if describe is None:
        return f"An event of the type {leaf.get('type')}, which this program does not know."
    if "digest" in facts and len(facts) == 2:  # the authority and the digest
        return f"{NOUNS[str(leaf['type'])]} {_about(leaf)}. The figures are in the event."
    return describe(leaf, facts)


# --- returns -------------------------------------------------------------------------------------


def _received(leaf: Leaf, facts: Leaf) -> str:
    noun = "Nil return" if facts.get("nil") else "Return"
    return (
        f"{noun} for {_month(leaf.get('period'))} received from {facts.get('party_id')}, "
        f"revision {facts.get('revision')}, receipt {facts.get('receipt_no')}."
    )


def _withdrawn(leaf: Leaf, facts: Leaf) -> str:
    return (
        f"Return for {_month(leaf.get('period'))} of {facts.get('party_id')}, "
        f"revision {facts.get('revision')}, withdrawn, receipt {facts.get('receipt_no')}."
    )


def _refused(_: Leaf, facts: Leaf) -> str:
    party, rules, count = facts.get("party_id"), _list(facts.get("rules")), facts.get("count", 1)
    if count != 1:
        return f"{count} further returns of {party} refused on one day ({rules})."
    faults = facts.get("faults")
    return f"Return of {party} refused: {faults} {'fault' if faults == 1 else 'faults'} ({rules})."


# --- contracts and commitments -------------------------------------------------------------------


def _registered(leaf: Leaf, facts: Leaf) -> str:
    version = facts.get("version")
    what = "registered" if version == 1 else f"changed to version {version}"
    return (
        f"Contract {leaf.get('contract_id')} {what}: {_list(facts.get('supplier_ids'))}, "
        f"{_day(facts.get('starts_on'))} to {_day(facts.get('ends_on'))}."
    )


def _changed(_: Leaf, facts: Leaf) -> str:
    said = facts.get("commitment")
    commitment: Leaf = said if isinstance(said, dict) else {}
    state = commitment.get("state")
    what = {"draft": "proposed", "active": "approved"}.get(str(state), str(state))
    begins = f" from {_day(commitment['from'])}" if "from" in commitment else ""
    return (
        f"Commitment {commitment.get('commitment_id')}, version {commitment.get('version')}, "
        f"{what}: {commitment.get('target')} {commitment.get('unit')}{begins}."
    )


# --- decisions -----------------------------------------------------------------------------------


def _checked(leaf: Leaf, facts: Leaf) -> str:
    what = "Withdrawal of the return" if facts.get("withdrawn") else "Return"
    return (
        f"{what} for {_month(leaf.get('period'))} of {facts.get('party_id')}, "
        f"revision {facts.get('revision')}, checked{_rated(leaf, facts)}."
    )


def _assessed(leaf: Leaf, facts: Leaf) -> str:
    rated = _rated(leaf, facts)
    return f"Decided after a day ended or a line of another contract changed{rated}."


def _rated(leaf: Leaf, facts: Leaf) -> str:
    """What was rated, with the month if it is not that of the entry; and the part, if the decision
    did not fit into one message."""
    assessments = facts.get("assessments")
    found = assessments if isinstance(assessments, list) else []
    each = [one for one in found if isinstance(one, dict)]
    shown = []
    for one in each[:RATINGS_SHOWN_MAX]:
        period = one.get("period")
        month = "" if period == leaf.get("period") else f" for {_month(period)}"
        shown.append(f"{one.get('commitment_id')} is {one.get('rating')}{month}")
    if len(each) > RATINGS_SHOWN_MAX:
        shown.append(f"{len(each) - RATINGS_SHOWN_MAX} more were rated")
    part = f" (part {facts['part']} of {facts.get('parts')})" if "part" in facts else ""
    return part + (f": {', '.join(shown)}" if shown else "")


# --- cases and alerts ----------------------------------------------------------------------------


def _moved(leaf: Leaf, facts: Leaf) -> str:
    kind = "No-data case" if facts.get("kind") == "no_data" else "Shortfall case"
    about = facts.get("commitment_id") or facts.get("party_id")
    to = _plain(facts.get("moved_to"))
    moved = f"{_plain(facts['moved_from'])} to {to}" if facts.get("moved_from") else to
    reason = _plain(facts.get("reason"))
    return f"{kind} of {about} for {_month(leaf.get('period'))}: {moved} ({reason})."


_ALERTS: Final = {
    "return_due": "the return of {supplier} for {month} is due by {due_on}",
    "return_overdue": "the return of {supplier} for {month} was due by {due_on}",
    "shortfall_opened": "{commitment} is behind at the end of {month}, rated {rating}",
    "shortfall_worsened": "{commitment} fell further behind by the end of {month}, rated {rating}",
    "shortfall_recovered": "{commitment} is back on course at the end of {month}, rated {rating}",
    "duplicate_claim": "{supplier} claims for {commitment} in {month} what was claimed before",
    "correction_changed_rating": "a correction would change the rating of {commitment} for {month} "
    "from {before} to {rating}; the rating stands",
    "queue_holds_rating": "{commitment} cannot be rated for {month} until the council has decided "
    "lines",
    "contract_ends_with_gap": "the contract ends on {ends_on}, and {commitment} is behind at the "
    "end of {month}, rated {rating}",
    "commitment_without_owner": "nobody at the council is named as its owner",
}


def _alert(leaf: Leaf, facts: Leaf) -> str:
    words = _ALERTS.get(str(facts.get("kind")))
    if words is None:
        return f"Alert: {_plain(facts.get('kind'))}."
    said = words.format(
        supplier=facts.get("supplier_id", "the suppliers"),
        month=_month(leaf.get("period")),
        due_on=_day(facts.get("due_on")),
        ends_on=_day(facts.get("ends_on")),
        commitment=facts.get("commitment_id"),
        rating=facts.get("rating"),
        before=facts.get("rating_before"),
    )
    return f"Alert: {said}."


def _acknowledged(_: Leaf, facts: Leaf) -> str:
    return f"Alert {facts.get('alert_id')} acknowledged."


# --- records -------------------------------------------------------------------------------------


def _parked(_: Leaf, facts: Leaf) -> str:
    return (
        f"A record that {facts.get('service')} could not take was parked: {facts.get('topic')}, "
        f"partition {facts.get('partition')}, offset {facts.get('offset')} "
        f"({_plain(facts.get('reason'))})."
    )


def _taken_up(_: Leaf, facts: Leaf) -> str:
    return (
        f"A parked record was taken up by {facts.get('service')}: event {facts.get('record_id')}."
    )


_BY_TYPE: Final[dict[str, Callable[[Leaf, Leaf], str]]] = {
    "ReturnReceived": _received,
    "ReturnWithdrawn": _withdrawn,
    "ReturnRefused": _refused,
    "ContractRegistered": _registered,
    "CommitmentChanged": _changed,
    "ReturnChecked": _checked,
    "CommitmentAssessed": _assessed,
    "CaseMoved": _moved,
    "AlertRaised": _alert,
    "AlertAcknowledged": _acknowledged,
    "RecordParked": _parked,
    "RecordTakenUp": _taken_up,
}
NOUNS: Final = {
    "ReturnReceived": "Return received",
    "ReturnWithdrawn": "Return withdrawn",
    "ReturnRefused": "Return refused",
    "ContractRegistered": "Contract registered or changed",
    "CommitmentChanged": "Commitment changed",
    "ReturnChecked": "Return checked",
    "CommitmentAssessed": "Commitments assessed",
    "CaseMoved": "Case moved",
    "AlertRaised": "Alert raised",
    "AlertAcknowledged": "Alert acknowledged",
    "RecordParked": "Record parked",
    "RecordTakenUp": "Record taken up",
}
"""Each type in two or three words."""


# --- parts of sentences --------------------------------------------------------------------------


def _about(leaf: Leaf) -> str:
    month = f" for {_month(leaf['period'])}" if "period" in leaf else ""
    return f"on contract {leaf['contract_id']}{month}" if "contract_id" in leaf else month.strip()


def _month(period: object) -> str:
    try:
        return f"{calendar.first_day(str(period)):%B %Y}"
    except ValueError:
        return "an unknown month"


def _day(day: object) -> str:
    try:
        found = date.fromisoformat(str(day))
    except ValueError:
        return "an unknown day"
    return f"{found.day} {found:%B %Y}"


def _list(items: object) -> str:
    found: Sequence[object] = items if isinstance(items, list | tuple) else ()
    return ", ".join(map(str, found))


def _plain(code: object) -> str:
    """A code as words."""
    return str(code).replace("_", " ")
