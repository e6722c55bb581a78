"""Published reference data that some tests read, next to the checkout and never in it.

A test that needs it is marked `@reference.needed`. Without the data these tests are skipped, in CI
too, and the summary of the run lists them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
ABSENT = "reference data: not next to this checkout"

needed = pytest.mark.skipif(not DATA.exists(), reason=ABSENT)
