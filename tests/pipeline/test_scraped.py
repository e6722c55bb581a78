"""What Prometheus reads of the running services: all that rules and dashboards ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from deploy.local import stack
from tests.project.test_deploy import ALERTS
from tests.project.test_watching import PROMETHEUS_OWN, TARGETS, asked
from tests.support.waiting import until_true

NAMES = ("intake", "verification", "ledger")
AFTER_WORK = {"makegood_lag_records", "makegood_sent_total", "makegood_parked_total"}
"""Labelled by topic or reason: they appear with the first record."""
AFTER_WORK |= {
    "makegood_entries_total",
    "makegood_returns_checked_total",
    "makegood_commit_seconds",
}
OF_NOTIFIERS = {
    "makegood_dispatches_age_seconds",
    "makegood_dispatches_undelivered",
    "makegood_dispatches_waiting",
    "makegood_dispatches_total",
}
"""The notifiers show these, and no service: `test_watching` has them."""
COUNTED = {"makegood_alarms_total", "makegood_retries_total", "makegood_consumer_stopped"}


class Scraped:
    """Samples of one service, by name: the first one's value."""

    def __init__(self, text: str) -> None:
        families = list(text_string_to_metric_families(text))
        self.names = {family.name for family in families if family.samples}
        self.values = {
            sample.name: sample.value for family in families for sample in family.samples
        }

    def has(self, metric: str) -> bool:
        return metric in self.values or metric in self.names


async def scrape(url: str) -> Scraped:
    async with httpx.AsyncClient(timeout=30) as client:
        return Scraped((await client.get(f"{url}/metrics")).text)


class TestMetrics:
    async def test_are_there_from_the_start(self, new_state: Callable[[], Path]) -> None:
        """Every metric of a rule or a dashboard is shown by some service that has just started, or
        it is one of the few that need a record. Alarms are 0 in all three."""
        wanted = {name for _, expr in TARGETS for name in asked(expr)}
        wanted |= {name for alert in ALERTS for name in asked(alert["expr"])}
        wanted -= PROMETHEUS_OWN | AFTER_WORK | OF_NOTIFIERS
        assert len(wanted) > 15
        async with stack.Stack(new_state()) as system:
            urls = {name: system.services[name].url for name in NAMES}

            async def is_shown() -> bool:
                found = [await scrape(url) for url in urls.values()]
                return all(any(each.has(name) for each in found) for name in wanted)

            await until_true(is_shown, 60)
            for name, url in urls.items():
                found = await scrape(url)
                for metric in COUNTED:
                    assert 0 == found.values[metric], (name, metric)
                assert found.values["makegood_disk_free_bytes"] > 0, name
                assert found.values["makegood_books_checked_timestamp_seconds"] > 0, name
