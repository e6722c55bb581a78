"""What becomes of a draft when a checked file is put into it.

Promises: pure. The file's lines take the place of the draft's lines of the same promises; lines of
other promises stay, and so does what the return says of itself. No two lines have one number.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from services.intake.domain import drafts


def put(draft: drafts.Content, file: drafts.Content) -> drafts.Content:
    """The draft with the file's lines and answers."""
    gone = replaced(draft, file)
    stay = [line for line in draft.lines if line not in gone]
    used = {line.get("line_id") for line in stay}
    new = {line.get("line_id") for line in file.lines}
    free = (str(n) for n in itertools.count(1) if str(n) not in used | new)
    lines = [
        line if line.get("line_id") not in used else line | {"line_id": next(free)}
        for line in file.lines
    ]
    return drafts.Content(
        {**draft.document, "lines": [*stay, *lines]}, {**draft.answers, **file.answers}
    )


def replaced(draft: drafts.Content, file: drafts.Content) -> Sequence[dict[str, Any]]:
    """The lines of the draft whose promises the file is about."""
    about = {line.get("commitment_id") for line in file.lines} | file.answers.keys()
    return [line for line in draft.lines if line.get("commitment_id") in about]
