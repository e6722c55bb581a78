"""Verification's own metrics. `shared.metrics` has those that every service has."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge

RETURNS_CHECKED: Final = Counter(
    "makegood_returns_checked_total",
    "Returns and withdrawals checked, by the outcome of their worst line.",
    ["outcome"],
)
OPEN_SHORTFALLS: Final = Gauge(
    "makegood_open_shortfalls", "Shortfall cases that are open, over all authorities."
)
POSTCODES: Final = Gauge(
    "makegood_postcodes_timestamp_seconds",
    "The month of the newest edition of the postcode directory; 0 if no edition is named by one.",
)
