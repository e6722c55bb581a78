"""Pictures of the documents that are drawn from tables in code.

`python -m tests.project.pictures` draws them anew; a test compares.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TypeVar

from services.intake.domain import return_status
from services.verification.domain import cases

State = TypeVar("State", bound=str)

PAGE = Path(__file__).parents[2] / "docs/architecture.md"


def drawn() -> dict[str, str]:
    """Each picture by its name, as Mermaid."""
    return {
        "life of a return": _states(return_status.MOVES),
        "life of a case": _states(cases.MOVES),
    }


def _states(moves: Mapping[State | None, Collection[State]]) -> str:
    """A state diagram of a table of moves; None, and a state without moves, are its ends."""
    order = list(moves)
    lines: list[str] = ["stateDiagram-v2"]
    for state, followers in moves.items():
        for follower in sorted(followers, key=order.index):
            lines.append(f"    {state or '[*]'} --> {follower}")
        if not followers:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines)


def redrawn(page: str) -> str:
    """The page with every picture as it is drawn now. ValueError where one has no place there."""
    for name, picture in drawn().items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        page, count = pattern.subn(rf"\g<1>```mermaid\n{picture}\n```\n\g<2>", page)
        if count != 1:
            raise ValueError(f"{PAGE.name} has {count} places for the {name}")
    return page


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text()))
