"""What was sent, for operators: each mail and each call of a webhook, the newest first, what became
of it, and a button to send it again.

Promises: pure. Of an address only enough is shown to know it again, and nothing of what a mail
says but its kinds. A button is offered only for what could not be delivered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, StringConstraints

from shared import formats
from shared.notifier import resending
from shared.notifier.dispatches import UNDELIVERED, State
from shared.notifier.kinds import Kind
from shared.pages.parts import Choice, Fault, Field, Pages, Tag

TITLE: Final = "What was sent"
PATH: Final = "/notifications"
BUTTON: Final = "dispatch"
"""The name of the button of a row."""
CHARACTERS_MAX: Final = 200
"""Of one field: more than any id has."""
ANSWER_CHARACTERS_MAX: Final = 200
"""Of what the other side said: with more a full page would weigh over 60 kB."""
TAGS: Final[Mapping[State, Tag]] = {
    "waiting": Tag("Waiting", "grey"),
    "sending": Tag("Being sent", "blue"),
    "sent": Tag("Sent", "green"),
    "refused": Tag("Refused", "red"),
    "given_up": Tag("Given up", "red"),
    "doubtful": Tag("Doubtful", "orange"),
    "passed": Tag("Not needed", "grey"),
}
_DOUBTFUL: Final = "It may have been sent: ask, before you send it again."
_TEXT: Final = StringConstraints(max_length=CHARACTERS_MAX, strip_whitespace=True)


class Asked(BaseModel):
    """The filters as they were sent: what is empty is not asked for."""

    model_config = ConfigDict(extra="forbid")  # a misspelt filter would show too much

    state: Annotated[str, _TEXT] = ""
    recipient: Annotated[str, _TEXT] = ""
    cursor: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """The fields that say something, by name."""
        values = {"state": self.state, "recipient": self.recipient}
        return {name: value for name, value in values.items() if value}

    def check(self) -> tuple[Fault, ...]:
        """Every field that asks for what cannot be."""
        if self.state in ("", *TAGS):
            return ()
        return (Fault("state", f"There is no state '{self.state}'. Choose one of the list."),)

    def wanted(self) -> resending.Wanted:
        """What to look up. Only where `check` finds nothing."""
        states = [each for each in TAGS if self.state in ("", each)]
        return resending.Wanted(states, self.recipient or None)

    def address(self, path: str) -> str:
        """This path for the same part of the list."""
        kept = self.given | ({} if self.cursor is None else {"cursor": self.cursor})
        return f"{path}?{urlencode(kept)}" if kept else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One mail, or one call of a webhook."""

    dispatch_id: str
    when: str
    to: str
    href: str
    """All that goes to the same."""
    address: str
    what: str
    tag: Tag
    why: tuple[str, ...]
    """What the other side said, and what to mind."""
    may_resend: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the list."""

    title: str
    heading: str
    sentences: tuple[str, ...]
    """The first says how many could not be delivered."""
    faults: tuple[Fault, ...]
    form: tuple[Field, ...]
    is_narrowed: bool
    action: str | None
    """Where to send again is asked for; None: there is nothing to send again."""
    rows: tuple[Row, ...]
    pages: Pages


class Listed(NamedTuple):
    """One page of dispatches, and how many of all could not be delivered."""

    dispatches: Sequence[resending.Listed]
    undelivered: int
    pages: Pages


def show(
    asked: Asked,
    listed: Listed,
    kinds: Mapping[str, Kind],
    faults: tuple[Fault, ...] = (),
) -> Page:
    """The page of these dispatches. `faults`: why one was not sent again."""
    rows = tuple(_row(each, kinds) for each in listed.dispatches)
    has_buttons = any(each.may_resend for each in rows)
    return Page(
        title=f"Error: {TITLE}" if faults else TITLE,
        heading=TITLE,
        sentences=_sentences(asked, listed),
        faults=faults,
        form=_form(asked),
        is_narrowed=bool(asked.given),
        action=asked.address(f"{PATH}/resend") if has_buttons else None,
        rows=rows,
        pages=listed.pages,
    )


def show_faults(asked: Asked, faults: tuple[Fault, ...]) -> Page:
    """The page of a filter that asks for what cannot be."""
    return Page(
        title=f"Error: {TITLE}",
        heading=TITLE,
        sentences=(),
        faults=faults,
        form=_form(asked, faults),
        is_narrowed=True,
        action=None,
        rows=(),
        pages=Pages(None, None),
    )


# --- what it says --------------------------------------------------------------------------------


def _sentences(asked: Asked, listed: Listed) -> tuple[str, ...]:
    if not listed.dispatches and not asked.given:
        return ("Nothing was sent yet.",)
    if listed.undelivered == 0:
        first = "Nothing waits for you: all that was sent has arrived, or is on its way."
    elif listed.undelivered == 1:
        first = "1 could not be delivered. Look at it, then send it again."
    else:
        first = f"{listed.undelivered:,} could not be delivered. Look at each, then send it again."
    return (first,) if listed.dispatches else (first, "Nothing matches these filters.")


def _form(asked: Asked, faults: Sequence[Fault] = ()) -> tuple[Field, ...]:
    return (
        Field(
            name="state",
            label="State",
            value=asked.state,
            kind="select",
            choices=(Choice("", "All"), *(Choice(key, tag.word) for key, tag in TAGS.items())),
            fault=dict(faults).get("state"),
        ),
        Field(name="recipient", label="To (account)", value=asked.recipient),
    )


def _row(each: resending.Listed, kinds: Mapping[str, Kind]) -> Row:
    return Row(
        dispatch_id=str(each.dispatch_id),
        when=formats.moment(each.due_at),
        to=each.name or each.recipient_id,
        href=f"{PATH}?{urlencode({'recipient': each.recipient_id})}",
        address=each.address or "No address is known any more.",
        what=_what(each.kinds, kinds),
        tag=TAGS[each.state],
        why=tuple(_why(each)),
        may_resend=each.state in UNDELIVERED,
    )


def _what(carried: Mapping[str, int], kinds: Mapping[str, Kind]) -> str:
    words = []
    for kind, number in sorted(carried.items(), key=lambda each: (-each[1], each[0])):
        called = kinds[kind].words if kind in kinds else kind
        words.append(called if number == 1 else f"{called} ({number:,})")
    return "; ".join(words)


def _why(each: resending.Listed) -> list[str]:
    answer = each.answer or ""
    is_long = len(answer) > ANSWER_CHARACTERS_MAX
    said = [f"{answer[:ANSWER_CHARACTERS_MAX]}…" if is_long else answer] if answer else []
    if each.state == "doubtful":
        said.append(_DOUBTFUL)
    if each.is_repeat:
        said.append("Sent once more.")
    return said
