"""The dialect of CONTRIBUTING.md: the same thing has the same name in every service."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from typing import Final

import pydantic
import pytest

ROOT: Final = Path(__file__).parents[2]
SERVICES: Final = ("intake", "verification", "ledger")
PLACES: Final = {
    "settings": ("Settings",),
    "metrics": (),
    "app": ("build",),
    "consumer.handlers": ("SUBSCRIPTION", "handler"),
    "store": ("MIGRATIONS",),
    "store.rows": (),
    "store.reading": ("QUERIES", "Scope"),
    "api.dependencies": ("Dependencies", "Injected"),
    "api.documents": (),
    "api.refusals": (),
}
READING: Final = {"find", "get", "list", "load", "lock", "count", "stream"}
WRITING: Final = {"add", "set", "move", "drop", "apply"}
EXACT_VERBS: Final = {"append", "approve", "change", "replace"}
"""More exact than the others. Add one only where none of those says what happens."""
VERBS: Final = READING | WRITING | EXACT_VERBS


by_service = pytest.mark.parametrize("service", SERVICES)


def trees(service: str, *folders: str) -> dict[Path, ast.Module]:
    root = ROOT / "services" / service
    return {
        file.relative_to(root): ast.parse(file.read_text())
        for folder in folders or (".",)
        for file in sorted((root / folder).rglob("*.py"))
    }


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


class TestService:
    @by_service
    @pytest.mark.parametrize("place", PLACES)
    def test_has_each_thing_in_its_place(self, service: str, place: str) -> None:
        module = importlib.import_module(f"services.{service}.{place}")
        assert [] == [name for name in PLACES[place] if not hasattr(module, name)]

    @by_service
    def test_keeps_its_metrics_in_one_module(self, service: str) -> None:
        found = {
            file
            for file, tree in trees(service).items()
            if any(name.startswith("prometheus_client") for name in imported(tree))
        }
        assert found <= {Path("metrics.py")}

    @by_service
    def test_keeps_its_documents_in_one_module(self, service: str) -> None:
        """Every model of JSON is in `api/documents.py`, or in the package of that name."""
        for file in trees(service, "api"):
            if file == Path("api/documents.py") or file.is_relative_to("api/documents"):
                continue
            module = importlib.import_module(f"services.{service}.api.{file.stem}")
            own = [
                name
                for name, value in vars(module).items()
                if isinstance(value, type)
                and issubclass(value, pydantic.BaseModel)
                and value.__module__ == module.__name__
                and "[" not in name  # a page of a document is no document of its own
            ]
            assert [] == own, file

    @by_service
    def test_speaks_http_in_its_api_alone(self, service: str) -> None:
        """Acts, domain and pages know no HTTP: a refusal is a value, and so is a page. A scope is
        known to all, a caller to pages."""
        for file, tree in trees(service).items():
            if file.parts[0] in ("api", "web", "web.py", "app.py", "__main__.py"):
                continue
            web = {
                name
                for name in imported(tree)
                if re.match(r"(fastapi|starlette|shared\.web)\b", name)
            }
            known = {"shared.web.scope.Scope"}
            known |= {"shared.web.auth"} if file.parts[0] == "pages" else set()
            assert web <= known, file


class TestStore:
    @by_service
    def test_names_its_functions_by_the_verbs(self, service: str) -> None:
        """What a function of the store does is its first word."""
        for file, tree in trees(service, "store").items():
            names = [node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef)]
            strange = [name for name in names if name[0] != "_" and name.split("_")[0] not in VERBS]
            assert [] == strange, file

    @by_service
    def test_has_a_module_for_each_file_of_queries(self, service: str) -> None:
        folder = ROOT / "services" / service / "store"
        for file in sorted(folder.glob("*.sql")):
            assert "\nQUERIES: Final = " in file.with_suffix(".py").read_text(), file
