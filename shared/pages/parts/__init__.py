"""Values that the macros beside this file draw, each the same on every page.

An address begins with `/` for a page of the same site, or with the name of another:
`record:/entries/97`. Where the sites are is known when a page is drawn (`Site.address`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Link(NamedTuple):
    """A text that leads somewhere."""

    text: str
    href: str


class Fact(NamedTuple):
    """A label and what it says; `facts.html` draws a list of them."""

    label: str
    text: str
    href: str | None = None


class Happening(NamedTuple):
    """What happened when; `timeline.html` draws a list of them, in the order given."""

    what: str
    when: str
    link: Link | None = None


class Cell(NamedTuple):
    """A cell of a table. `why` stands below it, in sentences. What `is_whole`, such as a reference,
    is not broken over lines."""

    text: str
    href: str | None = None
    tag: Tag | None = None
    why: tuple[str, ...] = ()
    is_whole: bool = False


class Head(NamedTuple):
    """The head of a column."""

    text: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads; the first cell of a row is its name. `table.html` draws it, on a narrow
    page as blocks, without taking from screen readers that it is a table."""

    caption: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_caption_shown: bool = True


@dataclass(frozen=True, slots=True)
class Pages:
    """The way through a list (`pages.html`): addresses, None where there is no way."""

    first: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class Tag:
    """A word in a colour, which never says more than the word (`tag.html`)."""

    word: str
    colour: str
    """One of the design system's, such as `green`."""
