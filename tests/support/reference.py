"""Published reference data that some tests read, next to the checkout and never in it.

A test that needs it is marked `@reference.needed`. Without the data these tests are skipped, in CI
too, and the summary of the run lists them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CASES = DATA.parent / "cases"
ABSENT = "reference data: not next to this checkout"

needed = pytest.mark.skipif(not DATA.exists(), reason=ABSENT)


def case(name: str) -> Any:
    """A small input from the field, as JSON."""
    return json.loads(case_bytes(f"{name}.json"))


def case_bytes(name: str) -> bytes:
    """The exact bytes of a small input from the field."""
    return (CASES / name).read_bytes()
