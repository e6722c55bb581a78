"""The metrics of delivery, the same in all services. Each service has more of its own."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

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
DISK_FREE_BYTES: Final = Gauge(
    "makegood_disk_free_bytes", "Free space where the service keeps its files.", ["service"]
)
BOOKS_CHECKED: Final = Gauge(
    "makegood_books_checked_timestamp_seconds",
    "When the books were compared last; before the first time, when the database was made.",
    ["service"],
)
BOOKS_FINDINGS: Final = Gauge(
    "makegood_books_findings", "What the newest comparison of the books found.", ["service"]
)
NOTIFIER: Final = CollectorRegistry()
"""What a notifier shows. There its service's metrics would stand at 0, as if no day had ended."""
ProcessCollector(registry=NOTIFIER)
DISPATCHES: Final = Counter(
    "makegood_dispatches_total",
    "Mails and calls of webhooks that were tried, by what became of them.",
    ["channel", "state"],
    registry=NOTIFIER,
)
DISPATCHES_WAITING: Final = Gauge(
    "makegood_dispatches_waiting",
    "Mails and calls of webhooks that wait to be sent.",
    registry=NOTIFIER,
)
DISPATCHES_AGE_SECONDS: Final = Gauge(
    "makegood_dispatches_age_seconds", "Age of the oldest that waits to be sent.", registry=NOTIFIER
)
DISPATCHES_UNDELIVERED: Final = Gauge(
    "makegood_dispatches_undelivered",
    "Mails and calls of webhooks that could not be delivered: a person has to look at them.",
    registry=NOTIFIER,
)

ALARM_NAMES: Final = (
    "books_differ",
    "broker_and_database_disagree",
    "database_behind_broker",
    "entry_contested",
    "entry_unknown",
    "inbound_shut",
    "log_shrunk",
    "not_believed",
    "publisher_refuses",
    "receipted_parked",
    "record_changed",
    "records_expired",
    "same_id_other_bytes",
    "too_many_parked",
)


def begin(service: str) -> None:
    """Shows what rules of Prometheus count, with 0 from the start: a series that appears with its
    first event does not count as an increase."""
    for alarm in ALARM_NAMES:
        ALARMS.labels(alarm)
    for each in (CONSUMER_STOPPED, HELD, OUTBOX_UNSENT, OUTBOX_AGE_SECONDS, RETRIES):
        each.labels(service)
