"""The metrics of delivery, the same in all services. Each service has more of its own."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

BATCH_RECORDS: Final = Histogram(
    "makegood_batch_records",
    "Records processed in one transaction.",
    ["service"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)
COMMIT_SECONDS: Final = Histogram(
    "makegood_commit_seconds",
    "From the start of a batch's transaction to its commit.",
    ["service"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)
PARKED: Final = Counter(
    "makegood_parked_total", "Records parked, by topic and reason.", ["topic", "reason"]
)
HELD: Final = Gauge(
    "makegood_held", "Parked records about returns with a receipt, not yet taken up.", ["service"]
)
REPEATED: Final = Counter(
    "makegood_repeated_total", "Records that were seen before and have no effect.", ["topic"]
)
ALARMS: Final = Counter(
    "makegood_alarms_total", "Conditions that stop work until an operator acts.", ["alarm"]
)
CONSUMER_STOPPED: Final = Gauge(
    "makegood_consumer_stopped", "1 while a consumer is stopped by an alarm.", ["service"]
)
LAG_RECORDS: Final = Gauge(
    "makegood_lag_records", "End of the partition minus our next offset.", ["topic", "partition"]
)
RETRIES: Final = Counter(
    "makegood_retries_total",
    "Batches tried again because broker or database did not answer.",
    ["service"],
)
SENT: Final = Counter("makegood_sent_total", "Messages that the broker acknowledged.", ["topic"])
OUTBOX_UNSENT: Final = Gauge(
    "makegood_outbox_unsent", "Messages waiting for the broker.", ["service"]
)
OUTBOX_AGE_SECONDS: Final = Gauge(
    "makegood_outbox_age_seconds", "Age of the oldest waiting message.", ["service"]
)
