"""The rule book: what code and tests cite is there, and says of itself how much of it is built."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULES = (ROOT / "docs/rules.md").read_text()
FOLDERS = ("services", "shared", "deploy", "tests")
SOURCES = {
    file: file.read_text()
    for folder in FOLDERS
    for ending in ("*.py", "*.sql", "*.yml")
    for file in sorted((ROOT / folder).rglob(ending))
    if file != Path(__file__)
}

RULE = r"[IVAOCLP]\d{1,2}"
HEADINGS = dict(re.findall(rf"^### ({RULE}) (.+)$", RULES, re.MULTILINE))
STATES = ("Built.", "Built in part: ", "Not built yet.")
DOCUMENTS = {path.name: path for path in sorted(ROOT.glob("docs/**/*.md"))} | {
    "README.md": ROOT / "README.md",
    "CONTRIBUTING.md": ROOT / "CONTRIBUTING.md",
}


def cited_rules(text: str) -> set[str]:
    """The rules in `rule V3`, `rules A1 to A4`, `Rules C1, C2 and C4`."""
    lists = re.findall(rf"\b[Rr]ules? ({RULE}(?:(?:, | and | to |,\s+|\s+){RULE})*)", text)
    return {rule for each in lists for rule in re.findall(RULE, each)}


def answered_rules(file: Path, text: str) -> set[str]:
    """The rules that faults and findings carry: a first argument, or `rule=`."""
    if file.suffix != ".py" or not file.is_relative_to(ROOT / "services"):
        return set()
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            values = [*node.args[:1], *(k.value for k in node.keywords if k.arg == "rule")]
            texts = [v.value for v in values if isinstance(v, ast.Constant)]
            found |= {t for t in texts if isinstance(t, str) and re.fullmatch(RULE, t)}
    return found


def cited_headings(text: str) -> set[tuple[str, str]]:
    """(document, heading) in `docs/rules.md, Measures and kinds`."""
    flat = re.sub(r"\s*\n[\s#]*", " ", text)
    return set(re.findall(r"docs/(\w+\.md), \"?([A-Z][\w, ]*?\w)\"?(?=[).:;]| and [A-Z])", flat))


class TestRule:
    def test_that_is_cited_has_its_heading(self) -> None:
        """Whoever reads a number in code or in an answer can look it up."""
        for file, text in SOURCES.items():
            unknown = (cited_rules(text) | answered_rules(file, text)) - HEADINGS.keys()
            assert set() == unknown, file

    @pytest.mark.parametrize("rule", HEADINGS)
    def test_says_how_much_of_it_is_built(self, rule: str) -> None:
        """In its last line, and alike in the table."""
        section = re.split(r"^#{2,3} ", RULES.split(f"\n### {rule} ", 1)[1], flags=re.MULTILINE)[0]
        last = section.strip().splitlines()[-1]
        assert last.startswith(STATES), last
        row = re.search(rf"^\| {rule} \| (.+) \| (.+) \|$", RULES, re.MULTILINE)
        assert row is not None
        assert (HEADINGS[rule], re.split("[.:]", last)[0]) == row.groups()


class TestDocument:
    def test_that_is_cited_exists(self) -> None:
        """A comment never sends its reader to a page that is not in the repository."""
        for file, text in SOURCES.items():
            named = set(re.findall(r"\b([\w/-]+\.md)\b", text))
            missing = {name for name in named if name.rpartition("/")[2] not in DOCUMENTS}
            assert set() == missing - {"stem.md"}, file

    def test_has_the_heading_that_is_cited(self) -> None:
        """`docs/rules.md, Weeks` leads to a heading of that name."""
        for file, text in SOURCES.items():
            for document, heading in cited_headings(text):
                known = re.findall(r"^#+ (.+)$", DOCUMENTS[document].read_text(), re.MULTILINE)
                assert heading in known, f"{file}: docs/{document}, {heading}"

    def test_is_no_section_of_a_page_elsewhere(self) -> None:
        """`product §3` is a page that nobody has; sections are cited of published standards."""
        for file, text in SOURCES.items():
            for before in re.findall(r"(.{0,40})§", text):
                assert re.search(r"RFC \d+|§", before), f"{file}: {before}§"
