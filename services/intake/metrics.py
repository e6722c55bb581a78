"""Intake's own metrics. `shared.metrics` has those that every service has."""

from __future__ import annotations

from typing import Final, get_args

from prometheus_client import Counter, Gauge, Histogram

from services.intake.domain import admission

RETURNS: Final = Counter(
    "makegood_returns_total",
    "Submissions by route and result (accepted, again, refused).",
    ["route", "result"],
)
for _route in get_args(admission.Route):
    for _decision in get_args(admission.Decision):
        RETURNS.labels(_route, _decision.__name__.lower())  # with 0 from the start
QUEUE_POSTS: Final = Gauge("makegood_intake_queue_posts", "Posts that wait for a group to commit.")
GROUP_POSTS: Final = Histogram(
    "makegood_intake_group_posts",
    "Posts that shared a transaction.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 256),
)
ACCEPT_SECONDS: Final = Histogram(
    "makegood_intake_accept_seconds",
    "From the arrival of a post in the queue to its commit.",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)
DAY_ENDED: Final = Gauge(
    "makegood_day_ended_timestamp_seconds", "The midnight at which the last day ended."
)


def count(decision: admission.Decision) -> None:
    """Counts a decision after its commit."""
    RETURNS.labels(decision.post.route, type(decision).__name__.lower()).inc()
