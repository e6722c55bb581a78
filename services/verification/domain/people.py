"""People on one contract: which references are one person (rule V5).

Promises: a reference that was once reported with a shared identifier is that person before and
after; references with one shared identifier are one person. Only current lines say so: a withdrawn
line joins nobody.
Refuses: names. The ids are the random ones that intake gives out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import msgspec

Links: TypeAlias = dict[str, dict[str, int]]
"""Person id → shared id → how many current lines report the two together."""


class Person(msgspec.Struct, frozen=True, array_like=True):
    """Whom a line is about."""

    person_id: str
    shared_id: str | None = None


def moved(links: Links, gone: Iterable[Person], new: Iterable[Person]) -> Links:
    """The links once lines have gone and others come."""
    gone, new = ([each for each in people if each.shared_id is not None] for people in (gone, new))
    if not gone and not new:
        return links
    counts = {person_id: dict(shared) for person_id, shared in links.items()}
    for people, step in ((new, 1), (gone, -1)):
        for person in people:
            assert person.shared_id is not None
            shared = counts.setdefault(person.person_id, {})
            shared[person.shared_id] = shared.get(person.shared_id, 0) + step
    kept = ((p, {s: n for s, n in shared.items() if n}) for p, shared in counts.items())
    return {person_id: shared for person_id, shared in sorted(kept) if shared}


class Joined:
    """References that are one person, by links."""

    def __init__(self, links: Links) -> None:
        self._shared = links
        self._people: dict[str, list[str]] = {}
        for person_id, shared in links.items():
            for shared_id in shared:
                self._people.setdefault(shared_id, []).append(person_id)

    def reached(self, person: Person) -> tuple[str, ...]:
        """All references that are one person once `person` is reported, sorted."""
        found = {*self.same(person.person_id)}
        for each in self._people.get(person.shared_id or "", ()):
            found.update(self.same(each))
        return tuple(sorted(found))

    def same(self, person_id: str) -> tuple[str, ...]:
        """All references of that person, sorted; itself among them."""
        found, left = {person_id}, [person_id]
        while left:
            for shared_id in self._shared.get(left.pop(), ()):
                more = [each for each in self._people[shared_id] if each not in found]
                found.update(more)
                left.extend(more)
        return tuple(sorted(found))
