"""What the other side said, as it is kept and shown: one line that can be printed."""

from __future__ import annotations

from shared.notifier import sending


def cut(*parts: object) -> str:
    """The parts as one line of at most 500 characters. What cannot be printed becomes a space."""
    text = " ".join(str(part) for part in parts)
    printable = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(printable.split())[: sending.ANSWER_MAX]
