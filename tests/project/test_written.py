"""What is written is so: commands, settings, metrics, alarms and queries named in documents."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pydantic
import pydantic_settings
import pytest

from shared import metrics

ROOT = Path(__file__).parents[2]
SERVICES = ("intake", "verification", "ledger")
DOCUMENTS = {
    file: file.read_text()
    for file in sorted(
        [
            *ROOT.glob("*.md"),
            *ROOT.glob("docs/**/*.md"),
            *ROOT.glob("deploy/*.md"),
            *ROOT.glob("*/*/*.md"),
        ]
    )
}
ALL_WORDS = "\n".join(DOCUMENTS.values())
SHELL = "\n".join(re.findall(r"^\s*```sh\n(.*?)```", ALL_WORDS, re.DOTALL | re.MULTILINE))
METRIC = re.compile(r"\bmakegood_[a-z_]+\b")
FRAMEWORK = ("makegood_received_", "makegood_published_")
"""What the Kafka middleware measures begins so."""

by_service = pytest.mark.parametrize("service", SERVICES)


def readme(service: str) -> str:
    return (ROOT / "services" / service / "README.md").read_text()


def measured(folder: str) -> set[str]:
    """The metrics that modules of a folder declare, as they are scraped."""
    names = set()
    for file in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                maker = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if maker in ("Counter", "Gauge", "Histogram", "Summary"):
                    names.add(str(node.args[0].value))
    return names


def settings_of(service: str) -> type[pydantic_settings.BaseSettings]:
    module = importlib.import_module(f"services.{service}.settings")
    found = [
        one
        for one in vars(module).values()
        if isinstance(one, type)
        and issubclass(one, pydantic_settings.BaseSettings)
        and one.__module__ == module.__name__
    ]
    assert 1 == len(found)
    return found[0]


def environment_names(settings: type[pydantic_settings.BaseSettings]) -> set[str]:
    names = set()
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        choices: list[Any] = alias.choices if isinstance(alias, pydantic.AliasChoices) else [name]
        names |= {str(c).upper() for c in choices if c != name or len(choices) == 1}
    return names


class TestCommand:
    def test_of_make_exists(self) -> None:
        """Every `make …` in a document is a target."""
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        said = set(re.findall(r"(?:`|^\s*)make ([a-z-]+)", ALL_WORDS, flags=re.MULTILINE))
        assert "demo" in said
        assert said <= set(targets)

    def test_of_a_module_exists(self) -> None:
        """Every `python -m …` in a document is a module that runs."""
        said = set(re.findall(r"python -m ([\w.]*\w)", ALL_WORDS)) - {"pytest"}
        named = {name for name in said if name.islower()}  # services.SERVICE stands for each
        assert [] == [name for name in named if not _runs(name)]

    def test_of_makegood_exists(self) -> None:
        """Every `makegood …` in a document is a command."""
        import typer.main

        from deploy import cli

        group: Any = typer.main.get_command(cli.app)
        said = set(re.findall(r"(?:`|bin/)makegood ([a-z-]+)", ALL_WORDS))
        said |= set(re.findall(r"^\s*(?:mg|makegood) ([a-z-]+)", SHELL, re.MULTILINE))
        assert said <= set(group.commands)


def _runs(module: str) -> bool:
    path = ROOT / Path(*module.split("."))
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


class TestSettings:
    @by_service
    def test_stand_in_the_readme(self, service: str) -> None:
        """The README's table has every environment name, and no other."""
        section = readme(service).split("## Settings", 1)[1].split("\n## ", 1)[0]
        listed = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", _first_cells(section)))
        assert environment_names(settings_of(service)) == listed


def _first_cells(section: str) -> str:
    return "\n".join(re.findall(r"^\| ?([^|]+)\|", section, flags=re.MULTILINE))


class TestMetric:
    @by_service
    def test_of_a_service_stands_in_its_readme(self, service: str) -> None:
        """What a service measures is listed where the service is described."""
        own = measured(f"services/{service}")
        assert own <= set(METRIC.findall(readme(service)))

    def test_of_all_services_stands_in_the_list(self) -> None:
        """docs/metrics.md is the whole list of what is shared."""
        page = (ROOT / "docs/metrics.md").read_text()
        listed = set(re.findall(r"^\| `(makegood_[a-z_]+)` \|", page, flags=re.MULTILINE))
        assert measured("shared") == listed

    def test_that_is_named_is_measured(self) -> None:
        """No document and no alert speaks of a metric that nobody keeps."""
        alerts = (ROOT / "deploy/prometheus/rules.yml").read_text()
        named = set(METRIC.findall(ALL_WORDS + alerts))
        kept = measured("shared") | measured("services")
        kept |= {f"{name}{end}" for name in kept for end in ("_count", "_sum", "_bucket")}
        own = {name for name in named if not name.startswith(FRAMEWORK)}
        assert own <= kept


class TestAlarm:
    runbooks = frozenset(file.stem for file in (ROOT / "docs/runbooks").glob("*.md"))

    def test_has_a_runbook_of_its_name(self) -> None:
        """Whatever stops work says what to do; no runbook is of an alarm or alert that is no
        more."""
        alerts = re.findall(r"alert: (\w+)", (ROOT / "deploy/prometheus/rules.yml").read_text())
        named = {re.sub(r"(?<!^)(?=[A-Z])", "_", alert).lower() for alert in alerts}
        assert self.runbooks == set(metrics.ALARM_NAMES) | (named & self.runbooks)

    def test_is_counted_from_the_start(self) -> None:
        """Every alarm that code raises is in the list of those that are shown with 0."""
        code = "\n".join(
            file.read_text()
            for folder in ("shared", "services")
            for file in (ROOT / folder).rglob("*.py")
            if file != Path(metrics.__file__)
        )
        raised = set(re.findall(r'ALARMS\.labels\(\s*"(\w+)"', code))
        raised |= set(re.findall(r'\b_?stop\(\s*"(\w+)"', code))
        raised |= set(re.findall(r'^(?:ALARM|NOT_BELIEVED): Final = "(\w+)"', code, re.MULTILINE))
        raised |= set(re.findall(r'\b_raise_alarm\(unit\.conn, "(\w+)"', code))
        assert 14 == len(raised)
        assert raised == set(metrics.ALARM_NAMES)


class TestSecurity:
    """What docs/security.md promises is held by tests that exist."""

    text = (ROOT / "docs/security.md").read_text()

    def test_names_files_that_exist(self) -> None:
        """Below `tests/`."""
        named = re.findall(r"`(\w+(?:/\w+)*/test_\w+\.py)`", self.text)
        assert len(named) > 20
        assert [] == [name for name in named if not (ROOT / "tests" / name).exists()]

    def test_names_classes_that_exist(self) -> None:
        """In some test."""
        code = "".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
        named = re.findall(r"`(Test\w+)`", self.text)
        assert [] == [name for name in named if f"class {name}" not in code]
