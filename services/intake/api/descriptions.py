"""What intake's API description says beyond the code (`shared/web/openapi.py`)."""

from __future__ import annotations

from typing import Any, Final

from services.intake.api import documents
from services.intake.domain import submission
from shared.web import openapi

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


TEXTS: Final = openapi.Texts(
    (documents,),
    {
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
        "post_return": {
            "spend with a local firm": _RETURN
            | {
                "lines": [
                    {
                        "line_id": "1",
                        "commitment_id": "local-spend",
                        "quantity": "18250.00",
                        "unit": "GBP",
                        "from": "2026-10-20",
                        "place": {"postcode": "L36 9YG"},
                        "invoice": {
                            "payer_id": "GB-COH-00000001",
                            "payee": "Example Plant Hire",
                            "payee_id": "GB-COH-00000002",
                            "number": "INV-2231",
                            "date": "2026-10-20",
                            "net_total": "18250.00",
                        },
                    }
                ]
            },
            "nothing this month": _RETURN | {"nil": True, "lines": []},
        },
        "withdraw": {"wrong month": {"reason": "This was sent for the wrong month."}},
        "move": {"the end of a day": {"day": "2026-11-20"}},
    },
    _shapes,
)
