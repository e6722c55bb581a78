"""Published data that some tests read: beside the checkout where it is, and never in it.

A test that needs it is marked `@reference.needed`. A clone by itself has none of it: there these
tests are skipped, in CI too, and the run's summary says which.
"""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
ABSENT = "reference data: not beside this checkout"

needed = pytest.mark.skipif(not DATA.exists(), reason=ABSENT)
