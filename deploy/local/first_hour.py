"""What `makegood up` says at first: who has a token, and what to do next with one's own data."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.local import CHECKOUT, STATE
from shared.web import auth

SAMPLE: Final = CHECKOUT / "deploy" / "local" / "sample" / "own"
POSTCODES: Final = CHECKOUT / "services" / "verification" / "sample" / "postcodes.csv"
CONTRACT: Final = "ocds-own-0301-1"
SUPPLIER: Final = "GB-COH-99000001"


def holders(authority: str) -> dict[auth.Role, auth.Caller]:
    """Somebody for each role but the supplier's: a supplier's token belongs to one party, and `up`
    knows none. Manager and approver are two people (rule P3)."""
    return {
        role: auth.Caller(f"{role}@makegood-up", role, authority)
        for role in auth.ROLES
        if role != "supplier"
    }


def lines(authority: str) -> Iterator[str]:
    """What to do next, as commands that can be copied."""
    command = _command()
    yield f"Addresses, and tokens of {authority} (not the suppliers'): {STATE / 'stack.json'}"
    yield "Next, in a second terminal. Put your own files in place of the sample's:"
    yield f"  {command} load-postcodes {_near(POSTCODES)}"
    yield f"  {command} import-contracts {_near(SAMPLE / 'contracts.json')} --commit"
    yield f"  {command} approve {CONTRACT}"
    yield f"  MAKEGOOD_TOKEN=$({command} token --role supplier --party {SUPPLIER}) \\"
    yield f"    {command} submit {_near(SAMPLE / 'return.json')}"
    yield "Stop with Ctrl-C. The data is kept."


def _command() -> str:
    """How this program is called: by its name, if the shell finds it, else by its path."""
    ours = Path(sys.executable).with_name("makegood")
    found = shutil.which("makegood")
    return "makegood" if found and Path(found).resolve() == ours.resolve() else _near(ours)


def _near(path: Path) -> str:
    """A path, as short as it can be written here."""
    return min(os.path.relpath(path), str(path), key=len)
