"""How much of the rules is built, as a table in README.md, from the table of docs/rules.md."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Final

AREAS: Final = {
    "I": "returns",
    "V": "checks of lines",
    "A": "figures and ratings",
    "O": "what is owed",
    "C": "cases",
    "L": "alerts",
    "P": "people",
}
STATES: Final = ("Built", "Built in part", "Not built yet")
_ROW: Final = re.compile(r"^\| ([A-Z])(\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
_BLOCK: Final = re.compile(r"(<!-- rules -->\n).*?(<!-- /rules -->)", re.DOTALL)


def export(readme: str, rules: str) -> str:
    """The README with the table as the rules are now."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for letter, number, title, state in _ROW.findall(rules):
        found[letter][state].append(f"{letter}{number} {title[0].lower()}{title[1:]}")
    lines = [f"| rules | {' | '.join(state.lower() for state in STATES)} |"]
    lines.append("| --- " * (len(STATES) + 1) + "|")
    for letter, area in AREAS.items():
        cells = ["; ".join(found[letter][state]) or "–" for state in STATES]
        lines.append(f"| {area} ({letter}) | {' | '.join(cells)} |")
    table = "\n".join(lines)
    return _BLOCK.sub(lambda match: f"{match[1]}{table}\n{match[2]}", readme)
