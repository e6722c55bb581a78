"""What each door of the API is asked: an example of every request, and the routers."""

from __future__ import annotations

from typing import Any

import pydantic

from services.intake.api import contacts as intake_contacts
from services.intake.api import demo_clock, due, measures, parties, receipts, returns
from services.intake.api import documents as intake
from services.ledger.api import changes, entries, export, log, search
from services.ledger.api import documents as ledger
from services.ledger.api import returns as ledger_returns
from services.verification.api import (
    alerts,
    cases,
    commitments,
    contacts,
    contracts,
    figures,
    holidays,
    people,
    proposals,
    standings,
    webhooks,
)
from services.verification.api import documents as verification
from services.verification.api.documents import alerts as alerts_documents
from services.verification.api.documents import contacts as contacts_documents
from services.verification.api.documents import holidays as holidays_documents
from services.verification.api.documents import proposals as proposals_documents
from services.verification.api.documents import standings as standings_documents
from services.verification.api.documents import webhooks as webhooks_documents
from shared.web import notifications

FIRM = "GB-COH-01234567"
AREA = {"gss": ["E08000011"], "edition": "sample-1"}
PROFILE = {"kind": "linear", "from": "2026-10-06", "to": "2028-10-05"}
KINDS_OF_HOOK = ["shortfall_opened"]
BODIES: dict[type[pydantic.BaseModel], dict[str, Any]] = {
    intake.WithdrawalRequest: {"reason": "wrong month"},
    intake.ContactRequest: {"person_id": "a@B", "address": "a.person@firm.example"},
    intake.ClockRequest: {"now": "2026-11-05T09:00:00Z", "day": "2026-11-05"},
    verification.ContractRequest: {
        "contract_id": "C1",
        "title": "Community hub",
        "supplier_ids": [FIRM],
        "supplier_names": {FIRM: "Example Builders"},
        "starts_on": "2026-10-06",
        "ends_on": "2028-10-05",
        "ocid": "ocds-1",
        "buyer": {"id": "GB-LAE-KWL", "name": "Knowsley"},
    },
    verification.CommitmentRequest: {
        "commitment_id": "spend",
        "title": "Spend",
        "measure": "local-spend",
        "kind": "sum",
        "unit": "GBP",
        "target": "600000",
        "profile": PROFILE,
        "area": AREA,
        "from": "2026-10-06",
        "reason": "as tendered",
    },
    verification.CommitmentChange: {
        "title": "Spend",
        "measure": "local-spend",
        "target": "600000",
        "profile": PROFILE,
        "area": AREA,
        "from": "2026-10-06",
        "reason": "extended",
    },
    verification.Activation: {"version": 1},
    holidays_documents.HolidayRequest: {
        "day": "2026-12-11",
        "known_from": "2026-12-01",
        "reason": "proclaimed",
    },
    contacts_documents.ContactRequest: {
        "person_id": "priya-nair@GB-LAE-KWL",
        "address": "priya.nair@knowsley.example",
    },
    webhooks_documents.WebhookRequest: {"url": "https://hooks.example/", "kinds": KINDS_OF_HOOK},
    verification.PeopleRequest: dict.fromkeys(
        ("owner", "deputy", "category_lead", "director"), "priya-nair@GB-LAE-KWL"
    ),
}
QUERIES: dict[type[pydantic.BaseModel], dict[str, str]] = {
    intake.ReturnsQuery: {
        "contract": "C1",
        "party": FIRM,
        "period": "2026-10",
        "period_from": "2026-10",
        "period_to": "2026-11",
        "status": "checked",
        "late": "true",
    },
    intake.DueQuery: {
        "contract": "C1",
        "party": FIRM,
        "state": "open",
        "from": "2026-10",
        "to": "2026-11",
    },
    verification.LinesQuery: {
        "contract": "C1",
        "state": "queried",
        "period": "2026-10",
        "commitment": "spend",
    },
    alerts_documents.AlertsQuery: {
        "contract": "C1",
        "kind": "duplicate_claim",
        "acknowledged": "false",
    },
    alerts_documents.CasesQuery: {"contract": "C1", "state": "opened"},
    proposals_documents.ProposalsQuery: {"contract": "C1"},
    standings_documents.StandingsQuery: {
        "contract": "C1",
        "rating": "Good",
        "supplier": FIRM,
        "missing": "true",
        "case": "open",
        "format": "csv",
    },
    ledger.EntriesQuery: {
        "receipt": "24",
        "digest": "ab" * 32,
        "contract": "C1",
        "supplier": FIRM,
        "commitment": "spend",
        "type": "ReturnReceived",
        "period": "2026-10",
        "from": "2026-10-06",
        "to": "2026-10-07",
    },
    ledger.ChangesQuery: {
        "from": "2026-10-06",
        "to": "2026-10-07",
        "contract": "C1",
        "supplier": FIRM,
    },
    ledger.ReturnsQuery: {"supplier": FIRM},
    ledger.HistoryQuery: {"as_at": "2026-10-06"},
    ledger.SearchQuery: {"q": "24"},
    notifications.DispatchesQuery: {"state": "refused", "recipient": "priya-nair@GB-LAE-KWL"},
    ledger.ConsistencyQuery: {"from": "50", "to": "104"},
}
ROUTERS = [demo_clock, intake_contacts, due, measures, parties, receipts, returns]
ROUTERS += [changes, entries, export, log, ledger_returns, notifications, search]
ROUTERS += [alerts, cases, commitments, contacts, contracts, figures, holidays, people, proposals]
ROUTERS += [standings, webhooks]
