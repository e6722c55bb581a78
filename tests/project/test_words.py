"""Every text of the project: what it must not say, and that its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GENERATED = {".git", ".makegood", ".venv", "build", "makegood.egg-info", "__pycache__"}
CACHES = re.compile(r"^\.\w+_cache$|^\.hypothesis$")


def is_ours(file: Path) -> bool:
    parts = file.relative_to(ROOT).parts
    return file.is_file() and not any(p in GENERATED or CACHES.match(p) for p in parts)


def texts() -> dict[Path, str]:
    found = {}
    for file in sorted(ROOT.rglob("*")):
        if is_ours(file):
            try:
                found[file] = file.read_text()
            except UnicodeDecodeError:  # it is no text
                continue
    return found


TEXTS = texts()
DOCUMENTS = {file: text for file, text in TEXTS.items() if file.suffix == ".md"}
by_name = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT))
)

FORBIDDEN = [
    # where packages come from is the installer's business, and may be a mirror
    "py" + r"pi\.(org|io)",
    "python" + "hosted",
    "maven" + r"\.org",
    "maven" + r"\.apache",
    "np" + r"mjs\.",
    "docker" + r"\.io",
    # places of one machine
    r"(?<![\w.}/-])/" + "ro" + "ot/",
    r"(?<![\w.}/-])/" + "wo" + "rk/",
    "mg" + "venv",
]


class TestText:
    @pytest.mark.parametrize("pattern", FORBIDDEN)
    def test_names_no_registry_and_no_machine(self, pattern: str) -> None:
        """No host of a package registry, no path of somebody's machine."""
        said = [file for file, text in TEXTS.items() if re.search(pattern, text)]
        assert [] == said


class TestDocument:
    @by_name
    def test_has_links_that_lead_somewhere(self, document: Path) -> None:
        """Every link within the project has a file or folder, and a heading, at its end."""
        prose = re.sub(r"```.*?```", "", DOCUMENTS[document], flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, heading = target.partition("#")
            end = (document.parent / path).resolve() if path else document
            assert end.exists(), target
            if heading:
                assert heading in headings(end.read_text()), target


def headings(text: str) -> set[str]:
    """The anchors of a document, as they are made of its headings."""
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
