"""The files that deploy the system elsewhere: they cannot run here, so they are read closely."""

from __future__ import annotations

import importlib.resources
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import promql_parser
import pytest
import yaml
from prometheus_client import generate_latest

from shared import metrics
from shared.delivery import topics
from shared.notifier.channels import smtp
from shared.notifier.settings import NotifierSettings
from tests.project.test_written import environment_names, settings_of

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
RULES: dict[str, Any] = yaml.safe_load((ROOT / "deploy/prometheus/rules.yml").read_text())
ALERTS: list[dict[str, Any]] = [rule for group in RULES["groups"] for rule in group["rules"]]

ONE_SHOTS = ("migrate", "topics", "access", "log")
NOTIFIERS = ("intake-notifier", "verification-notifier")
PROPERTIES = dict(
    line.split("=", 1)
    for line in (ROOT / "deploy/kafka/server.properties").read_text().splitlines()
    if line and not line.startswith("#")
)

by_service = pytest.mark.parametrize("service", SERVICES)
by_notifier = pytest.mark.parametrize("notifier", NOTIFIERS)


class TestDockerfile:
    @pytest.mark.skipif(
        not (sys.platform == "linux" and "x86_64" in sys.implementation._multiarch),
        reason="the linter has no wheel for this machine",
    )
    def test_pleases_its_linter(self) -> None:
        """hadolint finds nothing."""
        hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
        assert hadolint is not None
        said = subprocess.run(
            [hadolint, "deploy/Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert ("", 0) == (said.stdout, said.returncode)

    def test_copies_what_exists_and_is_let_in(self) -> None:
        """Every COPY source exists, and .dockerignore lets it through."""
        text = (ROOT / "deploy/Dockerfile").read_text()
        let_in = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text(), flags=re.MULTILINE)
        for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, flags=re.MULTILINE):
            for source in sources.split():
                assert (ROOT / source).exists(), source
                assert source in let_in, source

    def test_runs_as_nobody_in_particular(self) -> None:
        """The last USER is a number above all system users of the base."""
        users = re.findall(r"^USER (\d+)$", (ROOT / "deploy/Dockerfile").read_text(), re.MULTILINE)
        assert ["10001"] == users


class TestCompose:
    def test_fits_the_specification(self) -> None:
        """The Compose Specification's own JSON Schema accepts it."""
        vendored = importlib.resources.files("check_jsonschema") / "builtin_schemas/vendor"
        schema = json.loads((vendored / "compose-spec.json").read_text())
        validator = jsonschema.Draft7Validator(schema)
        assert [] == [error.message for error in validator.iter_errors(COMPOSE)]

    def test_has_all_of_the_system(self) -> None:
        """Broker, database, one-shots, the three services, two notifiers with something that takes
        their mails, and what watches them."""
        expected = {"kafka", "postgres", *ONE_SHOTS, "prometheus", "alertmanager", "grafana"}
        expected |= {"intake", "verification", "ledger", *NOTIFIERS, "mailpit"}
        assert expected == set(SERVICES)

    @by_service
    def test_confines_every_service(self, service: str) -> None:
        """Read-only root, no capabilities, no new privileges, a user, bounds."""
        said = SERVICES[service]
        assert said["read_only"] is True
        assert ["ALL"] == said["cap_drop"]
        assert ["no-new-privileges:true"] == said["security_opt"]
        assert said["user"] not in ("root", "0")
        assert {"mem_limit", "pids_limit"} <= set(said)

    @by_service
    def test_opens_no_port_to_the_world(self, service: str) -> None:
        """Published ports are loopback's; broker and database publish none."""
        ports = SERVICES[service].get("ports", [])
        assert [] == [port for port in ports if not port.startswith("127.0.0.1:")]
        if service in ("kafka", "postgres"):
            assert [] == ports
            assert ["inside"] == SERVICES[service]["networks"]

    @by_service
    def test_checks_the_health_of_what_stays(self, service: str) -> None:
        """What runs on has a health check; what runs once is waited for until it has done."""
        said = SERVICES[service]
        runs_once = service in ONE_SHOTS
        assert runs_once != ("healthcheck" in said)
        for other, wanted in said.get("depends_on", {}).items():
            once = other in ONE_SHOTS
            expected = "service_completed_successfully" if once else "service_healthy"
            assert expected == wanted["condition"]

    @by_service
    def test_pins_every_image(self, service: str) -> None:
        """A tag with a version, never the newest."""
        assert re.search(r":(v?\d+\.\d+|local)", SERVICES[service]["image"])

    def test_refuses_to_start_without_its_secrets(self) -> None:
        """Each secret is asked for by name where it is first used; none has a default."""
        text = (ROOT / "docker-compose.yml").read_text()
        text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
        used = set(re.findall(r"\$\{([A-Z_]+)", text))
        with_default = set(re.findall(r"\$\{([A-Z_]+):-", text))
        pages = {"COUNCIL_NAME", "SUPPLIER_URL", "COUNCIL_URL", "RECORD_URL"}
        assert pages | {"MAIL_URL", "MAIL_FROM"} == with_default
        assert used - with_default == set(re.findall(r"\$\{([A-Z_]+):\?", text))

    def test_has_one_session_for_all_pages(self) -> None:
        """The services share the key, and know where each other's pages are."""
        for name in ("intake", "verification", "ledger", *NOTIFIERS):
            path = Path(SERVICES[name]["environment"]["MAKEGOOD_SESSION_KEY_FILE"])
            assert f"sessions:{path.parent}" in SERVICES[name]["volumes"]
        pages = [
            {key: value for key, value in SERVICES[name]["environment"].items() if "_URL" in key}
            for name in ("intake", "verification")
        ]
        assert pages[0]["MAKEGOOD_RECORD_URL"] == pages[1]["MAKEGOOD_RECORD_URL"]

    def test_makes_no_topic_by_accident(self) -> None:
        """Topics are ours to create."""
        assert "false" == PROPERTIES["auto.create.topics.enable"]
        assert "deploy.topics" in SERVICES["topics"]["command"]
        assert topics.ALL

    def test_lets_nobody_use_the_broker_unnamed(self) -> None:
        """Each client signs in as itself, with a password of its own. What the broker then allows
        is tried in tests/pipeline/test_access.py, with the same settings."""
        mount = "./deploy/kafka/server.properties:/mnt/shared/config/server.properties:ro"
        assert mount in SERVICES["kafka"]["volumes"]
        assert "false" == PROPERTIES["allow.everyone.if.no.acl.found"]
        assert (
            "CLIENTS:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT"
            == (PROPERTIES["listener.security.protocol.map"])
        )
        users = {"intake": "intake", "verification": "verification", "ledger": "ledger"}
        passwords = set()
        for name, user in (users | {"topics": "admin", "access": "admin"}).items():
            environment = SERVICES[name]["environment"]
            assert "SASL_PLAINTEXT" == environment["KAFKA_SECURITY_PROTOCOL"]
            assert user == environment["KAFKA_SASL_USERNAME"]
            passwords.add(environment["KAFKA_SASL_PASSWORD"].partition(":")[0].strip("${}"))
        assert 4 == len(passwords)


class TestNotifier:
    @by_notifier
    def test_is_that_of_its_service(self, notifier: str) -> None:
        """Its own command, and the service's login at the database; it has no password of the
        broker."""
        service = notifier.removesuffix("-notifier")
        said = SERVICES[notifier]
        assert [f"services.{service}", "notify"] == said["command"]
        assert (
            SERVICES[service]["environment"]["DATABASE_URL"]
            == (said["environment"]["DATABASE_URL"])
        )
        assert "KAFKA_SASL_PASSWORD" not in said["environment"]

    @by_notifier
    def test_has_settings_that_there_are(self, notifier: str) -> None:
        """Every variable is a setting of the service or of notifiers, and those without a default
        are among them."""
        service = notifier.removesuffix("-notifier")
        known = environment_names(settings_of(service)) | environment_names(NotifierSettings)
        assert {"MAIL_URL", "MAIL_FROM"} <= set(SERVICES[notifier]["environment"]) <= known

    @by_notifier
    def test_sends_to_the_catcher_unless_it_is_told_otherwise(self, notifier: str) -> None:
        """At the port that Mailpit listens on, whose pages are loopback's alone."""
        environment = SERVICES[notifier]["environment"]
        default = environment["MAIL_URL"].removeprefix("${MAIL_URL:-").removesuffix("}")
        server = smtp.read_url(
            default, is_plain_allowed=environment["MAIL_PLAIN_ALLOWED"] == "true"
        )
        assert ("mailpit", 1025, "none") == (server.host, server.port, server.tls)
        assert ["127.0.0.1:8025:8025"] == SERVICES["mailpit"]["ports"]

    @by_notifier
    def test_is_asked_for_its_health_at_the_port_of_its_metrics(self, notifier: str) -> None:
        port = SERVICES[notifier]["environment"]["NOTIFIER_PORT"]
        assert f"http://127.0.0.1:{port}/metrics" in SERVICES[notifier]["healthcheck"]["test"][-1]
        assert "ports" not in SERVICES[notifier]


class TestPrometheus:
    def test_asks_every_service(self) -> None:
        """The targets are the services' names and ports in the compose file."""
        said = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
        job = next(job for job in said["scrape_configs"] if job["job_name"] == "makegood")
        published = {
            f"{service}:{SERVICES[service]['ports'][0].rpartition(':')[2]}"
            for service in ("intake", "verification", "ledger")
        }
        assert published == {target for one in job["static_configs"] for target in one["targets"]}

    def test_asks_every_notifier(self) -> None:
        """As a job of its own, at the port of its metrics."""
        said = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
        job = next(job for job in said["scrape_configs"] if job["job_name"] == "notifiers")
        ports = {name: SERVICES[name]["environment"]["NOTIFIER_PORT"] for name in NOTIFIERS}
        assert [
            {"targets": [f"{name}:{port}"], "labels": {"service": name}}
            for name, port in ports.items()
        ] == job["static_configs"]

    def test_says_what_each_alert_means(self) -> None:
        """A severity and a summary on each; names are unique."""
        for alert in ALERTS:
            assert alert["labels"]["severity"] in ("page", "ticket"), alert["alert"]
            assert alert["annotations"]["summary"], alert["alert"]
        assert len(ALERTS) == len({alert["alert"] for alert in ALERTS})

    def test_says_what_to_do(self) -> None:
        """Each alert names a runbook that exists: its own, or that of the alarm behind it."""
        for alert in ALERTS:
            runbook = alert["annotations"]["runbook"]
            if alert["alert"] == "AlarmRaised":  # each alarm has one (test_written.py)
                assert "docs/runbooks/{{ $labels.alarm }}.md" == runbook
                continue
            assert (ROOT / runbook).is_file(), runbook
            own = re.sub(r"(?<!^)(?=[A-Z])", "_", alert["alert"]).lower()
            assert Path(runbook).stem in (own, "receipted_parked"), runbook

    def test_asks_in_its_own_language(self) -> None:
        """Every expression is PromQL."""
        for alert in ALERTS:
            assert promql_parser.parse(alert["expr"]), alert["alert"]

    def test_sees_the_first_event(self) -> None:
        """What rules count is there with 0 from the start, or its first appearance counts."""
        metrics.begin("intake")
        shown = generate_latest().decode()
        counted = {
            (name, alert["expr"])
            for alert in ALERTS
            for name in re.findall(r"(?:increase|rate)\((makegood_\w+)", alert["expr"])
            if not name.startswith("makegood_http_")  # a share of all requests
        }
        assert {"makegood_alarms_total", "makegood_parked_total", "makegood_retries_total"} == {
            name for name, _ in counted
        }
        for name, expr in counted:
            appears = f"{name} unless {name} offset" in expr
            assert appears or re.search(rf"^{name}{{.*}} 0\.0$", shown, re.MULTILINE), name

    def test_is_tested_by_promtool(self) -> None:
        """Each page that counts has a case in rules.test.yml (run by promtool, where there is one);
        a case names an alert that exists."""
        text = (ROOT / "deploy/prometheus/rules.test.yml").read_text()
        named = set(re.findall(r"alertname: (\w+)", text))
        assert named <= {alert["alert"] for alert in ALERTS}
        assert {alert["alert"] for alert in ALERTS} - named <= {"LagStays", "BatchesRetried"}
