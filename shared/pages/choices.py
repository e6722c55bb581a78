"""What somebody is told, and how: each kind at once, once a day, or never (rule L3).

Promises: pure. What may not be stopped says so, and offers no choice. What was chosen stays on the
page with what is wrong beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from shared.notifier.kinds import HOWS, How, Kind
from shared.notifier.recipients import Recipient
from shared.pages.parts import Choice, Fault, Field

TITLE: Final = "What you are told"
SAVED: Final = "Your choices are saved."


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The form."""

    title: str
    heading: str
    saved: str | None
    """Said once, after it was saved."""
    faults: tuple[Fault, ...]
    sentences: tuple[str, ...]
    """The first says where mails go."""
    fields: tuple[Field, ...]
    """Empty: there is nothing to choose."""
    always: tuple[str, ...]
    """What is told at once, whatever is chosen."""


class Said(NamedTuple):
    """What the service says."""

    ask: str
    """Whom to ask about the address, in a sentence."""
    digest_hour: int
    """When what is told once a day is sent."""


def show(
    who: Recipient | None,
    kinds: Mapping[str, Kind],
    said: Said,
    sent: Mapping[str, str] | None = None,
    *,
    is_saved: bool = False,
) -> Page:
    """The page. `sent`: a form that could not be taken."""
    if who is None:
        return Page(
            title=TITLE,
            heading=TITLE,
            saved=None,
            faults=(),
            sentences=(f"No address is known, so nothing can be sent to you. {said.ask}",),
            fields=(),
            always=(),
        )
    faults = () if sent is None else check(sent, kinds)
    wrong, words = dict(faults), _words(said.digest_hour)
    chosen = {name: who.choices.get(name, kind.usual) for name, kind in kinds.items()}
    return Page(
        title=f"Error: {TITLE}" if faults else TITLE,
        heading=TITLE,
        saved=SAVED if is_saved else None,
        faults=faults,
        sentences=(_where(who), f"Is the address wrong? {said.ask}"),
        fields=tuple(
            Field(
                name=name,
                label=kind.words,
                value=(chosen if sent is None else sent).get(name, ""),
                kind="radios",
                choices=tuple(Choice(each, words[each]) for each in HOWS),
                fault=wrong.get(name),
            )
            for name, kind in kinds.items()
            if kind.may_stop
        ),
        always=tuple(kind.words for kind in kinds.values() if not kind.may_stop),
    )


def _words(digest_hour: int) -> Mapping[How, str]:
    return {
        "at_once": "At once",
        "daily": f"Once a day at {digest_hour}:00",
        "never": "Never",
    }


def _where(who: Recipient) -> str:
    if who.is_on:
        return f"Mails go to {who.address}."
    return f"Mails to {who.address} are switched off: nothing is sent to you."


def check(sent: Mapping[str, str], kinds: Mapping[str, Kind]) -> tuple[Fault, ...]:
    """Every kind for which nothing was chosen that there is."""
    return tuple(
        Fault(name, f"Choose how you are told: {kind.words[:1].lower()}{kind.words[1:]}.")
        for name, kind in kinds.items()
        if kind.may_stop and sent.get(name) not in HOWS
    )


def read(sent: Mapping[str, str], kinds: Mapping[str, Kind]) -> dict[str, How]:
    """What was chosen of each kind. Only where `check` finds nothing."""
    every: Mapping[str, How] = {each: each for each in HOWS}
    return {name: every[sent[name]] for name, kind in kinds.items() if kind.may_stop}
