"""The ledger's own metrics. `shared.metrics` has those that every service has."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

ENTRIES: Final = Counter("makegood_entries_total", "Entries appended, by type of event.", ["type"])
LOG_SIZE: Final = Gauge("makegood_log_size", "Entries in the log.")
CHECKPOINT_SIZE: Final = Gauge("makegood_checkpoint_size", "Entries under the newest checkpoint.")
CHECKPOINT_AGE: Final = Gauge(
    "makegood_checkpoint_age_seconds",
    "Time since a checkpoint covered the whole log; near the pause while publishing works.",
)
PUBLISH_SECONDS: Final = Histogram(
    "makegood_publish_seconds",
    "Time from reading the head to the published checkpoint.",
    buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15),
)
