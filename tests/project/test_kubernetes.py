"""The manifests for Kubernetes: no cluster is here, so they are held against its own schemas, and
against what the services need."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # it ships no types
import pytest
import yaml

from shared.notifier.channels import guard
from shared.notifier.notifier import STOP_SECONDS_MAX
from shared.notifier.settings import NotifierSettings
from tests.project.test_deploy import SERVICES as COMPOSE
from tests.project.test_written import environment_names, settings_of

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
KUBERNETES = "1.37"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
OBJECTS: list[dict[str, Any]] = [
    found
    for name in KUSTOMIZATION["resources"]
    for found in yaml.safe_load_all((FOLDER / name).read_text())
]
SERVICES = ("intake", "verification", "ledger")
NOTIFIERS = ("intake-notifier", "verification-notifier")

by_object = pytest.mark.parametrize(
    "one", OBJECTS, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}"
)
by_service = pytest.mark.parametrize("service", SERVICES)
by_notifier = pytest.mark.parametrize("notifier", NOTIFIERS)


def get(kind: str, name: str) -> dict[str, Any]:
    (found,) = (o for o in OBJECTS if (o["kind"], o["metadata"]["name"]) == (kind, name))
    return found


def pods() -> Iterator[dict[str, Any]]:
    for one in OBJECTS:
        if one["kind"] in ("Deployment", "Job"):
            yield one["spec"]["template"]["spec"]


def containers() -> Iterator[dict[str, Any]]:
    for pod in pods():
        yield from (*pod.get("initContainers", ()), *pod["containers"])


def environment(container: dict[str, Any]) -> set[str]:
    """The variables that a container sees."""
    maps = [get("ConfigMap", each["configMapRef"]["name"]) for each in container["envFrom"]]
    return {each["name"] for each in container["env"]}.union(*(each["data"] for each in maps))


def notifying(notifier: str) -> dict[str, Any]:
    """The container of a notifier."""
    container: dict[str, Any]
    (container,) = get("Deployment", notifier)["spec"]["template"]["spec"]["containers"]
    return container


class TestObject:
    @by_object
    def test_fits_its_schema(self, one: dict[str, Any]) -> None:
        """Kubernetes' own, which knows no other field."""
        kubernetes_validate.validate(one, KUBERNETES, strict=True)

    def test_is_in_the_kustomization(self) -> None:
        """Every file of the folder is listed."""
        files = {file.name for file in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
        assert files == set(KUSTOMIZATION["resources"])

    def test_is_no_secret(self) -> None:
        """Secrets are named, never written; each has a name that the guide tells to create."""
        assert "Secret" not in {one["kind"] for one in OBJECTS}
        named = set(re.findall(r"(?:secretName|secretKeyRef: \{ name): ([\w-]+)", all_text()))
        guide = (FOLDER.parent / "README.md").read_text()
        created = set(re.findall(r"create secret generic ([\w-]+)", guide))
        assert created == named


def all_text() -> str:
    return "\n".join(file.read_text() for file in FOLDER.glob("*.yaml"))


class TestPod:
    def test_is_restricted(self) -> None:
        """No root, no privileges, a read-only root file system, bounds, and no account."""
        for pod in pods():
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert 10001 == pod["securityContext"]["runAsUser"]
            assert "RuntimeDefault" == pod["securityContext"]["seccompProfile"]["type"]
            assert pod["automountServiceAccountToken"] is False
        for container in containers():
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert ["ALL"] == context["capabilities"]["drop"]
            assert container["resources"]["limits"]["memory"]
            assert container["resources"]["requests"]["cpu"]
        restricted = get("Namespace", "makegood")["metadata"]["labels"]
        assert "restricted" == restricted["pod-security.kubernetes.io/enforce"]

    def test_gets_no_setting_from_a_neighbour(self) -> None:
        """The links of a Service called `ledger` would set LEDGER_PORT to an address."""
        assert {False} == {pod["enableServiceLinks"] for pod in pods()}

    def test_mounts_what_it_has(self) -> None:
        """Every mount has a volume, and every volume is mounted."""
        for pod in pods():
            wanted = {
                mount["name"]
                for each in (*pod.get("initContainers", ()), *pod["containers"])
                for mount in each["volumeMounts"]
            }
            assert wanted == {volume["name"] for volume in pod["volumes"]}


class TestService:
    @by_service
    def test_has_known_settings(self, service: str) -> None:
        """Every variable is a setting of the service; the log's name is the only other."""
        (container,) = get("Deployment", service)["spec"]["template"]["spec"]["containers"]
        known = environment_names(settings_of(service)) | {"LOG_ORIGIN"}
        assert environment(container) <= known
        assert {"DATABASE_URL", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"} <= environment(
            container
        )

    @by_service
    def test_listens_where_it_is_asked(self, service: str) -> None:
        """The port is that of the service, in pod, Service and probes, as in Compose."""
        port = int(COMPOSE[service]["ports"][0].rpartition(":")[2])
        (container,) = get("Deployment", service)["spec"]["template"]["spec"]["containers"]
        assert [{"name": "http", "containerPort": port}] == container["ports"]
        assert port == get("Service", service)["spec"]["ports"][0]["port"]
        assert "/health/ready" == container["readinessProbe"]["httpGet"]["path"]
        for probe in ("livenessProbe", "startupProbe"):
            assert "/health/live" == container[probe]["httpGet"]["path"]
        assert [f"services.{service}", "serve"] == container["args"]

    @by_service
    def test_can_be_drained(self, service: str) -> None:
        """Whoever runs once may be evicted; whoever runs twice keeps one."""
        replicas = get("Deployment", service)["spec"]["replicas"]
        budgets = [o for o in OBJECTS if o["kind"] == "PodDisruptionBudget"]
        named = {budget["metadata"]["name"] for budget in budgets}
        assert (replicas > 1) == (service in named)

    def test_writes_the_log_once(self) -> None:
        """Two ledgers on one volume would wait for each other for ever at each new version."""
        spec = get("Deployment", "ledger")["spec"]
        assert (1, "Recreate") == (spec["replicas"], spec["strategy"]["type"])


class TestNotifier:
    @by_notifier
    def test_has_known_settings(self, notifier: str) -> None:
        """Those of its service and of notifiers; the mail server comes from a secret."""
        container = notifying(notifier)
        service = notifier.removesuffix("-notifier")
        known = environment_names(settings_of(service)) | environment_names(NotifierSettings)
        assert environment(container) <= known | {"LOG_ORIGIN"}
        assert {"DATABASE_URL", "MAIL_URL", "MAIL_FROM"} <= environment(container)
        secrets = {each["name"] for each in container["env"] if "valueFrom" in each}
        assert {"DATABASE_URL", "MAIL_URL", "NOTIFY_API_KEY"} == secrets

    @by_notifier
    def test_is_asked_where_it_shows_its_metrics(self, notifier: str) -> None:
        """The same port in the setting, the probes, and for Prometheus, as in Compose."""
        container = notifying(notifier)
        port = COMPOSE[notifier]["environment"]["NOTIFIER_PORT"]
        assert {"name": "NOTIFIER_PORT", "value": port} in container["env"]
        assert [{"name": "metrics", "containerPort": int(port)}] == container["ports"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert {"path": "/metrics", "port": "metrics"} == container[probe]["httpGet"]
        annotations = get("Deployment", notifier)["spec"]["template"]["metadata"]["annotations"]
        assert {"prometheus.io/scrape": "true", "prometheus.io/port": port} == annotations
        assert COMPOSE[notifier]["command"] == container["args"]

    @by_notifier
    def test_may_finish_what_is_under_way(self, notifier: str) -> None:
        """Nobody kills it before it has given up waiting for that, here and in Compose."""
        pod = get("Deployment", notifier)["spec"]["template"]["spec"]
        assert f"{pod['terminationGracePeriodSeconds']}s" == COMPOSE[notifier]["stop_grace_period"]
        assert STOP_SECONDS_MAX < pod["terminationGracePeriodSeconds"]


class TestSession:
    @pytest.mark.parametrize("service", [*SERVICES, *NOTIFIERS])
    def test_is_one_for_all_pages(self, service: str) -> None:
        """The same secret is where the setting says that the key is."""
        path = Path(get("ConfigMap", "makegood")["data"]["MAKEGOOD_SESSION_KEY_FILE"])
        pod = get("Deployment", service)["spec"]["template"]["spec"]
        mounts = {each["mountPath"]: each["name"] for each in pod["containers"][0]["volumeMounts"]}
        volumes = {each["name"]: each for each in pod["volumes"]}
        secret = volumes[mounts[str(path.parent)]]["secret"]["secretName"]
        assert "makegood-session" == secret


class TestPreparation:
    def test_is_that_of_compose(self) -> None:
        """The same one-shots, in an order that works: tables before the log."""
        pod = get("Job", "prepare")["spec"]["template"]["spec"]
        steps = [each["args"] for each in (*pod["initContainers"], *pod["containers"])]
        assert [
            ["services.intake", "migrate"],
            ["services.verification", "migrate"],
            ["services.ledger", "migrate"],
            ["services.ledger", "create-log", "--if-absent", "--origin=$(LOG_ORIGIN)"],
            ["deploy.topics"],
            ["deploy.access", "services"],
        ] == steps


class TestNetwork:
    def test_is_closed_but_for_what_is_named(self) -> None:
        """One policy is for every pod, and lets nothing through."""
        closed = get("NetworkPolicy", "nothing")["spec"]
        assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} == closed

    def test_reaches_broker_and_database(self) -> None:
        """At the broker's port of the configuration, and PostgreSQL's."""
        (egress,) = get("NetworkPolicy", "names-database-broker")["spec"]["egress"]
        ports = {each["port"] for each in egress["ports"]}
        broker = get("ConfigMap", "makegood")["data"]["KAFKA_BOOTSTRAP_SERVERS"]
        assert {53, 5432, int(broker.rpartition(":")[2])} == ports

    def test_lets_only_notifiers_out(self) -> None:
        """To a mail server, and at 443 to the public internet: not to what webhooks may not reach
        either."""
        spec = get("NetworkPolicy", "notifiers-out")["spec"]
        (chosen,) = spec["podSelector"]["matchExpressions"]
        assert list(NOTIFIERS) == chosen["values"]
        mail, web = spec["egress"]
        assert {587, 465} == {each["port"] for each in mail["ports"]}
        assert [443] == [each["port"] for each in web["ports"]]
        blocks = [each["ipBlock"] for each in web["to"]]
        assert ["0.0.0.0/0", "2000::/3"] == [each["cidr"] for each in blocks]
        closed = [ipaddress.ip_network(each) for each in blocks[0]["except"]]
        for network in closed:
            assert guard.refuse_address(network[1], guard.Allowed()), network
        for private in ("10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"):
            assert any(ipaddress.ip_address(private) in network for network in closed), private
