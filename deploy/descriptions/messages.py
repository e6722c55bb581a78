"""Every sentence that the programs say to people, as a page: docs/messages.md.

Promises: taken from the sources, so that whoever changes words sees them beside all others, and can
read them aloud. What stands in braces is filled in.

A sentence is a text in the code with at least three words and a capital letter first. Docstrings,
log lines, queries and descriptions of fields are no messages.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

WORDS_MIN: Final = 3
FOLDERS: Final = ("services", "shared", "deploy")
_HEAD: Final = """\
# What the programs say

Made by `python -m deploy.descriptions` from the code: every sentence that a person can meet, by
module. What stands in braces is filled in. Read a new sentence aloud, beside the others, before you
commit it.
"""
_NOT_FOR_PEOPLE: Final = frozenset({"Counter", "Gauge", "Histogram", "Summary"})
_DESCRIBES: Final = re.compile(r"/descriptions|/schemas/|/web/openapi\.py")
"""Descriptions are pages of their own."""
_FILLED: Final = re.compile(r"\{[^{}]*\}")
_NO_SENTENCE: Final = re.compile(r"(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|GRANT) |.*\| None\b")
_LOGS: Final = frozenset({"debug", "info", "warning", "error", "exception", "critical"})


def export(root: Path) -> str:
    """The page about the sources below `root`."""
    parts = [_HEAD]
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*.py")):
            if _DESCRIBES.search(file.as_posix()):
                continue
            if found := list(dict.fromkeys(_sentences(ast.parse(file.read_text())))):
                lines = "\n".join(f"- {_shown(sentence)}" for sentence in found)
                parts.append(f"## {file.relative_to(root).as_posix()}\n\n{lines}\n")
    return "\n".join(parts)


def _shown(sentence: str) -> str:
    return " ".join(sentence.split()).replace("<", "&lt;").replace("|", "\\|")


def _sentences(tree: ast.AST) -> Iterator[str]:
    """The sentences in a tree, in order."""
    if _is_for_machines(tree):
        return
    if isinstance(tree, ast.JoinedStr | ast.Constant | ast.BinOp):
        text = _text(tree)
        if text is not None:
            words = _FILLED.sub("x", text).split()
            if len(words) >= WORDS_MIN and text[:1].isupper() and not _NO_SENTENCE.match(text):
                yield text
            return
    body = getattr(tree, "body", None)
    for child in ast.iter_child_nodes(tree):
        is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        if not (is_docstring and isinstance(body, list) and child in body):
            yield from _sentences(child)


def _is_for_machines(tree: ast.AST) -> bool:
    if not isinstance(tree, ast.Call):
        return False
    called = tree.func
    name = getattr(called, "attr", getattr(called, "id", ""))
    is_log = isinstance(called, ast.Attribute) and getattr(called.value, "id", "") in {
        "_log",
        "log",
    }
    return name in _NOT_FOR_PEOPLE or (is_log and name in _LOGS)


def _text(node: ast.AST) -> str | None:
    """A text with the names of what is filled in; None for what is no text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left), _text(node.right)
        return None if left is None or right is None else left + right
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else f"{{{_name(part)}}}"
            for part in node.values
        )
    return None


def _name(part: ast.AST) -> str:
    value = part.value if isinstance(part, ast.FormattedValue) else part
    return ast.unparse(value)
