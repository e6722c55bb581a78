"""What watches the system: every metric that a rule or a dashboard asks for is kept, and every
panel says what it shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import generate_latest

from shared import metrics
from tests.project.test_deploy import ALERTS, SERVICES

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
DASHBOARDS: dict[str, dict[str, Any]] = {file.stem: json.loads(file.read_text()) for file in FILES}
PANELS = [(name, panel) for name, one in DASHBOARDS.items() for panel in one["panels"]]
TARGETS = [(name, target["expr"]) for name, panel in PANELS for target in panel["targets"]]
RANGE = {"$__range": "30d"}
"""What Grafana puts into an expression before it asks."""
UNITS = {"none", "short", "s", "bytes", "cps", "reqps"}
PROMETHEUS_OWN = {"up", "process_resident_memory_bytes"}

by_dashboard = pytest.mark.parametrize("name", DASHBOARDS)


def listed() -> set[str]:
    """Every metric in docs/metrics.md or in the README of a service."""
    pages = [ROOT / "docs/metrics.md", *ROOT.glob("services/*/README.md")]
    rows = (
        re.findall(r"^\| `(makegood_\w+)` \|", page.read_text(), re.MULTILINE) for page in pages
    )
    return {name for found in rows for name in found}


def asked(expr: str) -> set[str]:
    """The metrics in an expression. Those of a histogram are named by it. Fails if it is no
    PromQL."""
    for said, meant in RANGE.items():
        expr = expr.replace(said, meant)
    assert promql_parser.parse(expr)
    names = set(re.findall(r"\b(?:(?:makegood|process)_\w+|up)\b", expr))
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in names}


class TestDashboard:
    def test_is_there_for_pipeline_services_and_month(self) -> None:
        assert {"pipeline", "intake", "verification", "ledger", "month"} == set(DASHBOARDS)

    @by_dashboard
    def test_asks_for_what_is_kept(self, name: str) -> None:
        """Each metric is listed in docs/metrics.md or in a service's README."""
        found = [asked(expr) for dashboard, expr in TARGETS if dashboard == name]
        assert all(found)
        assert set().union(*found) <= listed() | PROMETHEUS_OWN

    @by_dashboard
    def test_says_what_each_panel_shows(self, name: str) -> None:
        """A title, a description in sentences, a unit, a legend, and a place of its own."""
        panels = [panel for dashboard, panel in PANELS if dashboard == name]
        assert DASHBOARDS[name]["description"].endswith(".")
        for panel in panels:
            assert panel["title"]
            assert re.fullmatch(r"[A-Z].*\.", panel["description"]), panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
            assert all(target["legendFormat"] for target in panel["targets"])
        places = [
            (x, y)
            for panel in panels
            for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
            for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
        ]
        assert len(places) == len(set(places))
        assert {x for x, _ in places} <= set(range(24))
        assert len(panels) == len({panel["id"] for panel in panels})

    def test_is_found_by_grafana(self) -> None:
        """Its folder is mounted where the provider looks; its data source has the uid of ours."""
        provider = yaml.safe_load(
            (ROOT / "deploy/grafana/provisioning/dashboards/makegood.yml").read_text()
        )["providers"][0]
        mount = f"./deploy/grafana/dashboards:{provider['options']['path']}:ro"
        assert mount in SERVICES["grafana"]["volumes"]
        (source,) = yaml.safe_load(
            (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text()
        )["datasources"]
        assert {source["uid"]} == {panel["datasource"]["uid"] for _, panel in PANELS}
        assert len(DASHBOARDS) == len({one["uid"] for one in DASHBOARDS.values()})

    def test_names_runbooks_that_exist(self) -> None:
        """A panel that speaks of a runbook names one."""
        words = " ".join(panel["description"] for _, panel in PANELS)
        named = set(re.findall(r"[Rr]unbook (\w+_\w+)", words))
        assert named
        assert [] == [name for name in named if not (ROOT / f"docs/runbooks/{name}.md").exists()]


class TestRule:
    @pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
    def test_asks_for_what_is_kept(self, alert: dict[str, Any]) -> None:
        """Each metric is listed in docs/metrics.md or in a service's README."""
        found = asked(alert["expr"])
        assert found
        assert found <= listed() | PROMETHEUS_OWN


class TestAlertmanager:
    config = yaml.safe_load((ROOT / "deploy/alertmanager/alertmanager.yml").read_text())

    def test_has_a_receiver_for_every_severity(self) -> None:
        """Every route leads to a receiver that exists and sends somewhere."""
        receivers = {each["name"]: each for each in self.config["receivers"]}
        routes = [self.config["route"], *self.config["route"]["routes"]]
        assert {route["receiver"] for route in routes} <= set(receivers)
        for each in receivers.values():
            assert [one["url_file"] for one in each["webhook_configs"]]

    def test_reads_its_secret_from_the_file_that_compose_writes(self) -> None:
        """The address stands in no file of ours."""
        (command,) = SERVICES["alertmanager"]["command"]
        (webhook,) = self.config["receivers"][0]["webhook_configs"]
        assert f"> {webhook['url_file']}\n" in command
        assert "--config.file=/etc/alertmanager/alertmanager.yml" in command

    def test_is_told_by_prometheus(self) -> None:
        """At the port that it listens on."""
        said = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
        (told,) = said["alerting"]["alertmanagers"]
        assert [{"targets": ["alertmanager:9093"]}] == told["static_configs"]
        assert ["127.0.0.1:9093:9093"] == SERVICES["alertmanager"]["ports"]


class TestANotifier:
    def test_shows_what_it_measures_and_nothing_of_its_service(self) -> None:
        """Else a last day that ended in 1970 calls an operator. A service shows nothing of it."""
        metrics.DISPATCHES.labels("email", "sent")
        own = {one.name for one in metrics.NOTIFIER.collect() if one.name.startswith("makegood_")}
        measured = {"dispatches", "dispatches_waiting", "dispatches_age_seconds"}
        assert {f"makegood_{one}" for one in (*measured, "dispatches_undelivered")} == own
        assert "makegood_dispatches" not in generate_latest().decode()
