"""Which rules these are: docs/rules.md, as this version of the code applies them."""

from __future__ import annotations

from typing import Final

RULE_SET: Final = "makegood-rules-1"
"""Stored with every outcome, and part of the ids of derived events."""
