"""Why nothing is drafted, as a value. The API has the words (`api/refusals.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Code: TypeAlias = Literal["drafts_full", "draft_too_large", "draft_lines_full", "draft_exists"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A change that has no effect."""

    code: Code
    limit: int = 0
    """What was exceeded, where there is a limit."""
