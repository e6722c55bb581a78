"""Where the pages of a draft are. A commitment's id stands behind a word of its own: it may be any
code, also that of another page."""

from __future__ import annotations

from urllib.parse import quote


def month(contract_id: str, period: str) -> str:
    """A month's return."""
    return f"/drafts/{contract_id}/{period}"


def promise(contract_id: str, period: str, commitment_id: str) -> str:
    """One promise of it."""
    return f"{month(contract_id, period)}/promises/{quote(commitment_id, safe='')}"


def line(contract_id: str, period: str, commitment_id: str, index: int) -> str:
    """One line of it, by its index in the return. People count from 1."""
    return f"{promise(contract_id, period, commitment_id)}/lines/{index + 1}"


def new_line(contract_id: str, period: str, commitment_id: str) -> str:
    """The form of another line."""
    return f"{promise(contract_id, period, commitment_id)}/lines/new"
