"""What the ledger's API description says beyond the code (`shared/web/openapi.py`)."""

from __future__ import annotations

from typing import Final

from services.ledger.api import documents
from shared.web import openapi

TEXTS: Final = openapi.Texts(
    (documents,),
    {
        "leaf_hash": "The RFC 6962 hash of the leaf, in hex.",
        "leaf": "The entry's leaf, as JSON.",
        "leaf_base64": "The exact bytes of the leaf.",
        "event": "The event that the entry records.",
        "event_base64": "The exact bytes of the event.",
        "salt": "What is hashed together with the event's bytes, in hex.",
        "origin": "The name of the log.",
        "root": "The hash of the tree, in hex.",
        "Log.size": "How many entries are signed for.",
        "verifier_key": "The key that checkpoints are checked with, as a C2SP verifier key.",
        "verifier_keys": "The same, as a list of all keys.",
        "witnesses": "Who has signed too. There are none yet.",
        "checkpoint_at": "When it was signed; null before the first time.",
        "supplier": "Only of this supplier, by org-id.",
        "commitment": "Only about this commitment.",
        "type": "Only of this type.",
        "period": "Only about this month, `YYYY-MM`.",
        "from": "From this day of occurrence on.",
        "to": "Up to and with this day of occurrence.",
        "as_at": "As it was at the end of this day.",
        "path": "The path of a tile, as in C2SP tlog-tiles.",
    },
    {},
)
