"""Where the stack keeps what a backup holds, and where the backup keeps it.

| in the backup | what |
| --- | --- |
| `manifest.json` | each file's SHA-256 and size, written last: without it a backup is incomplete |
| `database.dump` | all three services, as of one moment (pg_dump's custom format) |
| `ledger/objects`, `ledger/signed` | the published log, and the last signed checkpoint |
| `keys/<service>` | the keys. Keep them apart from the rest |
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import SecretStr

from services.intake.settings import Settings as Intake
from services.ledger.settings import Settings as Ledger

MANIFEST: Final = "manifest.json"
DATABASE: Final = "database.dump"
KEYS: Final = "keys"
WARNING: Final = f"{KEYS}/README"
WARNING_TEXT: Final = """\
Whoever has these keys can sign receipts and checkpoints in your name, and open parked records.
Keep this folder apart from the rest of the backup, where fewer people can read it. To restore, put
it back. Without log.key the log cannot go on, and no other key will do (docs/security.md, Keys).
"""
_NOWHERE: Final = SecretStr("postgresql://127.0.0.1:1/none")


def folders(state: Path) -> dict[str, Path]:
    """The folders of the object store, by their names in the backup."""
    ledger = Ledger(state=state, kafka_bootstrap_servers="127.0.0.1:1", database_url=_NOWHERE)
    return {"ledger/objects": ledger.objects_folder, "ledger/signed": ledger.signed_folder}


def keys(state: Path) -> dict[str, Path]:
    """The keys, by their names in the backup. Not each need be there."""
    intake = Intake(state=state, kafka_bootstrap_servers="127.0.0.1:1", database_url=_NOWHERE)
    ledger = Ledger(state=state, kafka_bootstrap_servers="127.0.0.1:1", database_url=_NOWHERE)
    found = {
        "intake/receipt.key": intake.receipt_key_path,
        "intake/person.key": intake.person_key_file or intake.folder / "person.key",
        "ledger/log.key": ledger.key_path,
    }
    for service in ("intake", "verification", "ledger"):
        found[f"{service}/parking.key"] = state / service / "parking.key"
    return {f"{KEYS}/{name}": path for name, path in found.items()}
