"""The navigation: which pages each role finds at the top of every page, on all three sites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.pages.parts import Link
from shared.web import auth

_RETURNS: Final = Link("Returns", "supplier:/")
_CONTRACTS: Final = Link("Contracts", "council:/contracts")
_RECORD: Final = Link("Record", "record:/")
_OFFICERS: Final = (
    Link("Needs you", "council:/"),
    _CONTRACTS,
    Link("Queried lines", "council:/queried"),
    Link("Cases", "council:/cases"),
    Link("Alerts", "council:/alerts"),
    _RETURNS,
    _RECORD,
)
BY_ROLE: Final[Mapping[auth.Role, tuple[Link, ...]]] = {
    "supplier": (
        _RETURNS,
        Link("Contracts", "supplier:/contracts"),
        Link("Figures", "council:/contracts"),
        _RECORD,
    ),
    "manager": (*_OFFICERS[:2], Link("Import", "council:/imports"), *_OFFICERS[2:]),
    "approver": (_OFFICERS[0], Link("Approvals", "council:/approvals"), *_OFFICERS[1:]),
    "auditor": (
        Link("Search", "record:/"),
        Link("Log", "record:/log"),
        Link("Verify", "record:/verify"),
        _CONTRACTS,
        _RETURNS,
    ),
    "operator": (
        Link("Sent to officers", "council:/notifications"),
        Link("Sent to suppliers", "supplier:/notifications"),
    ),
}
"""Links in their order. A page is marked as the one whose address begins its own."""

ME: Final[Mapping[auth.Role, str]] = {
    "supplier": "supplier:/me",
    **dict.fromkeys(("manager", "approver", "operator"), "council:/me"),
}
"""Where people choose what they are told. Auditors are told nothing."""


def here(ways: tuple[Link, ...], name: str, path: str) -> Link | None:
    """The link that leads to this page, or to what it is of: the longest that begins its address.
    `path` begins below the site `name`."""
    at = f"{name}:{path}"
    above = [each for each in ways if at == each.href or at.startswith(_folder(each.href))]
    return max(above, key=lambda each: len(each.href), default=None)


def _folder(href: str) -> str:
    return href if href.endswith("/") else f"{href}/"
