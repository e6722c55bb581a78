"""What intake's API description says beyond the code (`shared/web/openapi.py`)."""

from __future__ import annotations

from typing import Any, Final

from services.intake.api import documents
from services.intake.domain import measures, submission
from shared import catalogue
from shared.web import notifications, openapi

_RETURN: Final[dict[str, Any]] = {
    "contract_id": "KMBC-2026-0117",
    "period": "2026-10",
    "revision": 1,
    "nil": False,
    "invoiced_to_date": "182340.00",
    "declaration": {
        "this_contract_and_period_only": True,
        "answers_a_commitment": True,
        "name": "A. Signatory",
        "role": "contract director",
    },
}


def _shapes() -> dict[str, Any]:
    """The schemas of a return, which an endpoint reads by itself."""
    template = "#/components/schemas/Return{model}"
    whole = submission.Submission.model_json_schema(ref_template=template)
    parts = whole.pop("$defs")
    return {"Submission": whole} | {f"Return{name}": part for name, part in parts.items()}


def _returns() -> dict[str, Any]:
    """A return for each kind of measure and each unit, and one that has nothing to report."""
    first: dict[tuple[str, str], catalogue.Measure] = {}
    for measure in catalogue.by_code.values():
        if measure.code not in catalogue.NEVER_COUNTED:
            first.setdefault((measure.kind, measure.unit), measure)
    returns = {
        measure.title: _RETURN | {"lines": [measures.describe(measure).example]}
        for measure in first.values()
    }
    return returns | {"Nothing this month": _RETURN | {"nil": True, "lines": []}}


TEXTS: Final = openapi.Texts(
    (documents, notifications),
    {
        "Measure.title": "The measure, in words.",
        "Check.title": "What the rule asks.",
        "Declaration.name": "Who signed.",
        "Declaration.role": "As what they signed.",
        "Due.state": "Whether it is open, overdue or in.",
        "state": "Only in this state.",
        "theme": "The theme that the measure belongs to.",
        "recognition": "When it counts: at the start, as it goes on, or at the end.",
        "decimals_max": "How many decimal places a quantity may have.",
        "Need.pointer": "The place of a line, as a JSON pointer.",
        "Need.wanted": "What must be there.",
        "refusal_id": "The refusal.",
        "refused_at": "When it was refused.",
        "faults_count": "How many faults there were.",
        "party": "Only of this party, by org-id.",
        "period_from": "Only of this month and later ones.",
        "period_to": "Only of this month and earlier ones.",
        "authority": "For which authority, if the operator is the installation's.",
        "format": "As which file.",
        "dry_run": "Only check it: nothing is stored.",
        "file": "The spreadsheet: XLSX or CSV, at most 10 MB.",
        "return": "The return's own fields, as JSON without lines.",
        "FileTotal.commitment_id": "The promise.",
        "FileTotal.lines": "How many lines of it there are.",
        "FileTotal.quantity": "What they report together.",
        "totals": "What the file reports, by promise in force.",
        "Measure.kind": "How quantities combine.",
        "evidence": "What proves it.",
        "ReturnsQuery.status": "Only in this state; `refused` lists refusals.",
        "declaration": "Who answers for the return.",
        "this_contract_and_period_only": "Everything belongs to this contract and month.",
        "answers_a_commitment": "Everything answers a commitment of the contract.",
        "ReturnDeclaration.name": "Who signs. It never leaves intake.",
        "ReturnDeclaration.role": "As what they sign.",
        "reference": "Where the evidence is kept, in words.",
        "payee": "Who was paid, by name. It never leaves intake.",
        "date": "The date of the invoice.",
        "late": "Why the line comes late. If it is there, the line is late.",
        "note": "What you want to say about the line. It never leaves intake.",
        "recovery": "What you do to make up for it. It never leaves intake.",
        "employer_id": "Who employs the person, by org-id.",
        "ref": "Your own number for the person, never a name. It never leaves intake.",
        "shared_id": "The learner number or the council's code. It never leaves intake.",
        "start": "When it began, local time, `YYYY-MM-DDTHH:MM`.",
        "Submission.reason": "Why there is a revision; from revision 2 on.",
        "now": "The moment that the clock shows.",
        "day_ended": "The last day that has ended.",
        "actor_id": "Who holds it.",
        "person_id": "The account of the supplier's person.",
        "address": "Where mails go.",
        "set_by": "Who entered it.",
        "set_at": "When it was entered.",
        "created_at": "When it was issued.",
        "revoked_at": "When it was revoked; null while it is valid.",
        "inbound_topic": "The party's own topic, for returns by Kafka.",
        "token": "The token. It is shown only now.",
        "salt": "What is hashed together with the bytes.",
        "received_at": "When the return was received.",
        "merge_by": "By when it has an entry of the log.",
        "statement": "What is signed: the text of the receipt.",
        "signature": "Ed25519 over the statement, in base64.",
        "public_key": "Ed25519, in base64. Receipts are checked with it.",
        "links": "Where to go on.",
        "self": "The address of the return.",
        "withdraw": "Where it is withdrawn.",
        "superseded_by": "The revision that has taken its place; null if none has.",
        "supersedes": "The revision whose place it has taken; null if it is the first.",
        "withdrawn_at": "When it was withdrawn; null if it was not.",
        "withdrawal": "The withdrawal; null if there was none.",
        "receipt": "Its receipt.",
        "receipt_no": "The number of the receipt, from 1, without gaps.",
        "reason": "Why, in words.",
        "entry": "Its entry in the log; null until the log has recorded it.",
        "idempotency-key": "The same key with the same bytes is taken once.",
        "to": "The last day; null if there is one day only.",
        "ReturnSummary.status": "What became of the return.",
        "Line.status": "What became of the line.",
        "Line.provisional": "What counts for now; null until the line is checked.",
        "Line.counted": "What counts; null until the line is checked.",
        "Line.queried": "What waits for the council; null until the line is checked.",
    },
    {
        "post_return": _returns(),
        "withdraw": {"wrong month": {"reason": "This was sent for the wrong month."}},
        "post_contact": {
            "a contact": {
                "person_id": "a-person@GB-COH-99000001",
                "address": "a.person@brackenfold.example",
            }
        },
        "move": {"the end of a day": {"day": "2026-11-20"}},
    },
    _shapes,
)
