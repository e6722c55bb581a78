"""Signing in: the demonstration offers a choice of people. Elsewhere it is not built yet, and the
page says so."""

from __future__ import annotations

from dataclasses import dataclass

from services.intake.pages import people


@dataclass(frozen=True, slots=True)
class Group:
    """People who do the same."""

    title: str
    people: tuple[people.Person, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Who may be chosen; nobody if the demonstration is off."""

    title: str
    groups: tuple[Group, ...]


def show(*, is_demo: bool) -> Page:
    """The page, in the demonstration or elsewhere."""
    if not is_demo:
        return Page("Sign in", ())
    return Page("Choose who you are", tuple(Group(*each) for each in people.GROUPS.items()))
