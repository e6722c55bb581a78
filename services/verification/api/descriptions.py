"""What verification's API description says beyond the code (`shared/web/openapi.py`)."""

from __future__ import annotations

from typing import Any, Final

from services.verification.api import documents
from services.verification.api.documents import (
    alerts,
    cases,
    contacts,
    holidays,
    imports,
    overviews,
    people,
    proposals,
    queried,
    standings,
    webhooks,
)
from shared.web import notifications, openapi

_LINEAR: Final = {"kind": "linear", "from": "2026-10-06", "to": "2028-10-05"}


def _commitment(commitment_id: str, measure: str, unit: str, target: str) -> dict[str, Any]:
    return {
        "commitment_id": commitment_id,
        "measure": measure,
        "unit": unit,
        "target": target,
        "profile": _LINEAR,
        "reason": "as tendered",
    }


TEXTS: Final = openapi.Texts(
    (
        *(documents, alerts, cases, contacts, holidays, imports, people, proposals),
        *(standings, overviews, queried, webhooks),
        notifications,
    ),
    {
        "acknowledged_by": "Who has seen it and answers for it; null if nobody has.",
        "acknowledged_at": "When; null if nobody has.",
        "Standing.words": "How it stands, in words.",
        "Standing.case": "Its open shortfall case; null if it has none.",
        "case": "Only those with an open case, or only those without.",
        "supplier": "Only of this supplier, by org-id.",
        "owner": "`me`: only contracts whose owner or deputy you are; `none`: only those that have "
        "no owner. A supplier finds none.",
        "missing": "Only of contracts with an overdue return, or only of those without.",
        "search": "Only contracts with this in their reference or title.",
        "ends_by": "Only contracts that end from today to this day.",
        "format": "JSON or CSV. The header `accept: text/csv` asks for CSV too.",
        "acknowledged": "Only those that somebody has acknowledged, or only the others.",
        "alert_id": "The alert.",
        "Holiday.day": "The day that is a holiday.",
        "Holiday.known_from": "Due days that are counted on this day or later are counted with it.",
        "Holiday.reason": "What was declared, and by whom.",
        "entered_by": "The operator who entered it.",
        "entered_at": "When it was entered.",
        "case_id": "The case.",
        "said": "The alerts about it, the newest first: at most 50.",
        "proposed": "What is proposed.",
        "CaseWhole.rating": "How its commitment stands now; null for a missing return.",
        "CaseWhole.gap": "How far its commitment is behind now; null for a missing return.",
        "CaseWhole.unit": "The unit of its commitment; null for a missing return.",
        "CaseWhole.commitment_title": "The title of its commitment; null for a missing return.",
        "Said.words": "What had happened, in words.",
        "Said.gap": "How far it was behind then; null if nothing was due.",
        "Said.rating": "How it was rated then; null if it was not.",
        "raised_at": "When it was raised.",
        "subject": "What it is about: a case, an obligation or a line.",
        "contract_title": "The title of the contract.",
        "supplier_name": "The name of the supplier; null if it is not known.",
        "commitment_title": "The title of the commitment.",
        "period": "The month, YYYY-MM.",
        "commitment": "Only of this commitment of the contract, which must be named too. The lines "
        "come the latest month first.",
        "Performed.headline": "How it stands, in one line.",
        "Performed.words": "The figures of the last rated month, in words.",
        "expected": "What is due by then, rounded to two places.",
        "why": "Why, as codes.",
        "headline": "What has happened, in one line.",
        "NextStep.words": "What to do, in words.",
        "NextStep.by": "By when.",
        "NextStep.code": "The step, as a code.",
        "Alert.words": "What has happened, in words.",
        "next_step": "What to do next; null if nothing is to be done.",
        "links": "Where to look.",
        "assessed_at": "When it was rated.",
        "expected_exact": "What is due by then, as an exact fraction.",
        "attainment": "What counts for certain, in per cent of what is due.",
        "attainment_exact": "The same, as an exact fraction.",
        "reason": "Why.",
        "replaces": "Whether it takes the place of an earlier rating of the month.",
        "id": "The id.",
        "name": "The name, as the contract has it.",
        "Organisation.id": "The org-id.",
        "Buyer.id": "The org-id.",
        "state": "The state that it is in.",
        "is_open": "Whether it is still open.",
        "opened_at": "When it was opened.",
        "moved_at": "When it last moved.",
        "title": "The title, in words.",
        "Check.title": "What the rule asks.",
        "checks": "The rules that its lines are held against.",
        "versions": "All versions, the oldest first.",
        "suppliers": "The suppliers, with their names.",
        "supplier_names": "Names by org-id.",
        "buyer": "Who bought.",
        "new": "How many are new.",
        "unchanged": "How many are as they were.",
        "contracts": "What became of the contracts.",
        "activity_on": "The day that decides to which month it belongs.",
        "used": "What the rating is based on.",
        "proposed_at": "When it was proposed.",
        "approved_at": "When it was approved; null if it was not.",
        "authority": "The authority that will monitor them, by org-id.",
        "commit": "Whether to store; without it nothing is stored.",
        "as_at": "As it was known at the end of this day; null: now.",
        "kind": "The kind.",
        "on": "Only who held a part at any time of this day; null: everybody, now and before.",
        "officer_id": "The account id of the officer.",
        "People.held": "Who holds or held which part: what is held now first, then the newest.",
        "person_id": "The account of the person, such as `priya-nair@GB-LAE-KWL`.",
        "address": "The e-mail address.",
        "part": "What an officer is to the contract.",
        "Held.from": "Since when.",
        "until": "Until when; null: the part is held now.",
        "set_by": "Who set it.",
        "ended_by": "Who ended it; null: the part is held now.",
        "webhook_id": "The webhook.",
        "url": "What is called. It begins with https.",
        "kinds": "Which alerts it is called with; all of them if nothing is said.",
        "is_on": "Whether it is called. One that answered 410 is called no more.",
        "Webhook.set_by": "Who entered it.",
        "Webhook.set_at": "When.",
        "secret": "What its calls are signed with (Standard Webhooks). It is shown only now.",
    },
    {
        "post_contract": {
            "a contract with one supplier": {
                "contract_id": "KMBC-2026-0117",
                "title": "Community hub",
                "supplier_ids": ["GB-COH-00000001"],
                "supplier_names": {"GB-COH-00000001": "Example Builders"},
                "starts_on": "2026-10-06",
                "ends_on": "2028-10-05",
            }
        },
        "post_commitment": {
            "a sum of money": _commitment("local-spend", "local-spend", "GBP", "860000")
            | {"area": {"gss": ["E08000011"], "edition": "sample-1"}},
            "visits": _commitment("school-visits", "school-visits", "visits", "24"),
        },
        "patch_commitment": {
            "a higher target": {
                "target": "900000",
                "from": "2027-04-01",
                "reason": "agreed with the extension",
            }
        },
        "put_people": {
            "an owner with a deputy": {
                "owner": "priya-nair@GB-LAE-KWL",
                "deputy": "ellen-ford@GB-LAE-KWL",
                "category_lead": "ruth-okafor@GB-LAE-KWL",
                "director": "dilys-venn@GB-LAE-KWL",
            }
        },
        "post_webhook": {
            "two kinds": {
                "url": "https://hooks.example/makegood",
                "kinds": ["shortfall_opened", "shortfall_worsened"],
            }
        },
        "post_contact": {
            "a manager": {
                "person_id": "priya-nair@GB-LAE-KWL",
                "address": "priya.nair@knowsley.example",
            }
        },
        "activate_commitment": {"the version that was read": {"version": 1}},
        "add_holiday": {
            "a bank holiday by proclamation": {
                "day": "2026-12-11",
                "known_from": "2026-12-01",
                "reason": "proclaimed on 25 November 2026",
            }
        },
    },
)
