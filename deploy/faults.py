"""How the faults of a refusal are shown: in the order of the file, each with place and remedy.

Promises: a pointer and a value are never cut, at any width of the terminal.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import rich.console
import rich.padding
import rich.text

_LINE: Final = re.compile(r"/lines/([0-9]+)(?:/|$)")
_LAST: Final = 1 << 30
"""Behind everything that is in an object: where what is missing would be."""


def show(to: rich.console.Console, faults: list[dict[str, Any]], body: bytes | None = None) -> None:
    """Prints the faults; in the order of `body`, if that is the file."""
    for fault in arrange(faults, body):
        value = "" if fault.get("value") is None else f"  {fault['value']}"
        head = rich.text.Text.assemble((name_place(fault), "bold"), value)
        to.print(head, soft_wrap=True, highlight=False)
        said = f"{fault['message']} (rule {fault['rule']})."
        for words in (said, f"→ {fault['fix']}" if fault.get("fix") else ""):
            if words:
                to.print(rich.padding.Padding(rich.text.Text(words), (0, 0, 0, 4), expand=False))


def name_place(fault: dict[str, Any]) -> str:
    """Where a fault is: `line 2 (/lines/1/unit)`."""
    pointer = fault.get("pointer")
    if not pointer:
        return str(fault.get("parameter") or fault.get("header") or "the whole document")
    line = _LINE.match(pointer)
    return f"line {int(line[1]) + 1} ({pointer})" if line else str(pointer)


def arrange(faults: list[dict[str, Any]], body: bytes | None) -> list[dict[str, Any]]:
    """The faults in the order in which a reader of the file meets them; those of the whole first,
    and what is missing at the end of what it is missing in."""
    try:
        document = json.loads(body or b"null")
    except (ValueError, RecursionError):
        return faults
    return sorted(faults, key=lambda fault: _find_order(document, fault.get("pointer") or ""))


def _find_order(document: Any, pointer: str) -> tuple[int, ...]:
    order: list[int] = []
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and name in document:
            order.append(list(document).index(name))
            document = document[name]
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            order.append(int(name))
            document = document[int(name)]
        else:
            return (*order, _LAST)
    return tuple(order)
