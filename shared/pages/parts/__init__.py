"""Values that the macros beside this file draw, each the same on every page.

An address begins with `/` for a page of the same site, or with the name of another:
`record:/entries/97`. Where the sites are is known when a page is drawn (`Site.address`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from shared.pages import sparks


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
    is not broken over lines. `hidden` is added to a link for those who do not see its row. A
    `spark` stands above the text."""

    text: str
    href: str | None = None
    tag: Tag | None = None
    why: tuple[str, ...] = ()
    is_whole: bool = False
    hidden: str = ""
    spark: sparks.Spark | None = None


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


# --- forms ---------------------------------------------------------------------------------------


class Choice(NamedTuple):
    """One answer of a field that has a few."""

    value: str
    text: str
    hint: str = ""


class Fault(NamedTuple):
    """What is wrong with a field: its name, or the address of the page where it is, and a sentence.
    `faults.html` lists them above the heading, each linked to its field, which says the same."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a form, filled as it was sent (`field.html`). Its id is its name."""

    name: str
    label: str
    value: str = ""
    """Of checkboxes: the chosen values, with blanks between them."""
    kind: Literal["text", "number", "area", "select", "radios", "checkboxes", "file"] = "text"
    choices: tuple[Choice, ...] = ()
    """Of `select`, `radios` and `checkboxes`."""
    hint: str = ""
    before: str = ""
    """What stands before the value, such as `£`."""
    after: str = ""
    """What stands behind the value, such as `visits`."""
    width: int | None = None
    """In characters, one that the design system has: 2, 3, 4, 5, 10, 20, 30."""
    characters_max: int = 200
    fault: str | None = None
