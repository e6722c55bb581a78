"""What each field of an event means, in one sentence.

Promises: every field has one description. It is the text below the field in `events.py` or
`parts.py`, else the one that is listed here under `Struct.field`, else under `field`.
"""

from __future__ import annotations

import functools
from typing import Final

from shared import docstrings
from shared.wire import events, parts, published, replies

SOURCES: Final = (events, parts, published, replies)

LISTED: Final[dict[str, str]] = {
    # every event
    "type": "The name of the event.",
    "event_id": "The id of the event. The same id always has the same content.",
    "authority_id": "The authority that the event concerns, or `installation`.",
    "occurred_at": "When it happened, in UTC. A derived event has the time of its cause.",
    "caused_by": "The event that led to this one.",
    # who and what it is about
    "contract_id": "The contract.",
    "commitment_id": "The commitment, unique within its contract.",
    "party_id": "The supplier, by its org-id.",
    "supplier_id": "The supplier, by its org-id.",
    "supplier_ids": "The suppliers of the contract, by their org-ids.",
    "return_id": "The return: one revision of a party's month.",
    "receipt_no": "The receipt number of the return or withdrawal that was checked.",
    "period": "The month that is reported on.",
    "revision": "The revision, from 1.",
    "ReturnWithdrawn.revision": "The revision that is withdrawn.",
    "starts_on": "The first day of the contract.",
    "ends_on": "The last day of the contract.",
    "version": "The version of the contract, from 1.",
    "contract_version": "The version of the contract with this change.",
    "ocid": "The id of the contracting process in Open Contracting data.",
    "award_id": "The id of the award in Open Contracting data.",
    "words_digest": "Salted digest of the names and texts, which stay with the service.",
    "Named.id": "The org-id of a supplier, or the id of a commitment.",
    "Named.name": "What it is called.",
    "ContractNames.title": "The title of the contract.",
    "ContractNames.suppliers": "The names of its suppliers, as far as known.",
    "ContractNames.commitments": "The titles of its commitments.",
    "OfficerNamed.name": "What the officer is called; none: it is forgotten.",
    "OfficerNamed.role": "What the officer may do: the last role that was seen.",
    "Days.first": "The first day.",
    "Days.last": "The last day.",
    "OwedMonths.first": "The first month.",
    "OwedMonths.last": "The last month.",
    "LateHoliday.day": "The day that is a holiday.",
    # returns
    "nil": "Whether the supplier says that there is nothing to report.",
    "invoiced_to_date": "What was invoiced under the contract up to now, in pounds without VAT.",
    "lines": "What the return reports, line by line.",
    "withdrawn": "Whether the return was withdrawn: then its lines count nothing.",
    "line_id": "The line, unique within its return.",
    "quantity": "How much is reported, in the line's unit. Negative: a credit.",
    "unit": "The unit of the measure, such as `visits`, `GBP` or `FTE`.",
    "from_": "The first day, or the only one.",
    "to": "The last day, if there are several.",
    "attribution": "The share of it that belongs to this contract, 0 to 1.",
    "place": "Where it happened.",
    "person": "Who it is about, by random ids.",
    "invoice": "The invoice that shows the spend.",
    "session": "The session, for what is done with a group of people.",
    "is_late": "Whether it belongs to an earlier month; the reason stays at intake.",
    "evidence": "What proves it.",
    "postcode": "The postcode, with one space.",
    "school": "The school, by its org-id.",
    "person_id": "A random id of the person at this employer.",
    "shared_person_id": "A random id of the person, the same at all employers.",
    "weekly_hours": "Hours of work in a week.",
    "in_post_on": "A day on which the person was in post.",
    "left_on": "The last day in post.",
    "payer_id": "Who paid, by org-id.",
    "payee_id": "Who was paid, by org-id.",
    "number": "The number of the invoice.",
    "net_total": "The total of the invoice in pounds, without VAT.",
    "credit_of": "The number of the invoice that this one credits.",
    "issued_on": "The date of the invoice.",
    "hours": "How long it took, in hours.",
    "attendees": "How many people attended.",
    "deliverer_id": "Who held the session, by org-id.",
    "evidence_id": "The id of the piece of evidence.",
    "sha256": "The SHA-256 of the piece of evidence.",
    # refusals, days
    "route": "The door by which it came.",
    "rules": "The rules that were broken.",
    "faults": "How many faults there were.",
    "count": "How many refusals this event tells.",
    "day": "The day that ended, in London.",
    "DayEnded.partition": "The partition of the topic that this one is for.",
    # commitments
    "commitment": "The version of the commitment.",
    "commitments": "The commitments of the contract.",
    "proposed_by": "Who proposed the version.",
    "approved_by": "Who approved it: somebody else.",
    "CommitmentVersion.version": "The version of the commitment, from 1.",
    "CommitmentVersion.from_": "The day from which the version applies.",
    "CommitmentVersion.state": "Whether it is drafted, in force or closed.",
    "PublishedCommitment.state": "Whether it is drafted, in force or closed.",
    "measure": "The code of the measure in the catalogue.",
    "kind": "How the measure is counted.",
    "target": "What is promised in all, in the commitment's unit.",
    "profile": "How much is due by when (docs/rules.md, Profiles).",
    "area": "Where it has to happen (docs/rules.md, Local area).",
    # decisions
    "results": "What each line of the return counts.",
    "changed": "Lines whose outcome changed with this.",
    "assessments": "The ratings that came of it.",
    "rule_set": "The name and version of the rules that decided.",
    "part": "What is too long for a message is cut into parts; the first has the id of the whole.",
    "parts": "How many parts there are.",
    "outcome": "Whether it counts, counts for now, waits for the council, or does not count.",
    "counted": "What counts, in the commitment's unit.",
    "provisional": "What counts for now and may still be taken away.",
    "queried": "What waits for a decision of the council.",
    "findings": "What the rules found.",
    "rule": "The rule, as numbered in docs/rules.md.",
    "code": "What the rule found, as a code.",
    "found": "What was found: a figure or a code.",
    "wanted": "What would have been right, or is left: a figure or a code.",
    "commitment_version": "The version of the commitment that was rated.",
    "low": "What counts for certain.",
    "high": "What counts if all that waits is decided for the supplier.",
    "rating": "The rating.",
    # cases and alerts
    "case_id": "The case.",
    "CaseMoved.kind": "A shortfall, or a return that is missing.",
    "AlertRaised.kind": "What has happened (docs/rules.md, rule L2).",
    "moved_from": "The state before; none when the case opens.",
    "moved_to": "The state now.",
    "CaseMoved.reason": "Why it moved, as a code.",
    "reported": "What was reported, in the commitment's unit.",
    "gap": "How much is missing, in the commitment's unit.",
    "due_on": "The day by which it is, or was, due.",
    "step_by": "The day by which the next step should be taken.",
    "returns": "The returns that it is about.",
    # replies
    "salt": "What is hashed together with the bytes.",
    "Receipt.received_at": "When the return was received.",
    "Receipt.merge_by": "By when it has an entry of the log.",
    "statement": "What is signed: the text of the receipt.",
    "signature": "Ed25519 over the statement, in base64.",
    "public_key": "Ed25519, in base64. Receipts are checked with it.",
    "receipt": "The receipt; none if it was refused.",
    "pointer": "Where, as a JSON pointer.",
    "message": "What is wrong.",
    "fix": "What to do.",
    "header": "Which header is wrong.",
    # the log, and what was parked
    "size": "How many entries the log has with these.",
    "entries": "Which event became which entry.",
    "index": "The number of the entry, from 0.",
    "service": "The service that parked the record.",
    "topic": "Where the record was.",
    "incarnation": "How often the topic had been lost and begun anew.",
    "RecordParked.partition": "The partition of the record.",
    "offset": "The place of the record in its partition.",
    "RecordParked.reason": "Why it could not be taken, as a code.",
    "record_id": "The event that the record is.",
}


def describe(struct: str, field: str) -> str:
    """The description of a field, by the names in Python. Raises KeyError if there is none."""
    own = written().get((struct, field)) or LISTED.get(f"{struct}.{field}")
    return own or LISTED[field]


@functools.cache
def written() -> dict[tuple[str, str], str]:
    """The texts below fields in the sources, by struct and field."""
    return docstrings.below_fields(*SOURCES)
