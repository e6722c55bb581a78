"""Findings in words: why a line counts or does not, and what to do, for whoever reads it
(docs/rules.md, Outcomes and findings).

Promises: every code has a sentence for the supplier and one for the council, and says to each what
to do. A figure has its unit, a month its name. The claim that goes first is named only where it is
handed in: it is the caller's to know who may see it.
Refuses: free text. Everything said is in the finding, in `About`, or written here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec

from shared import formats
from shared.wire import events

Reader: TypeAlias = Literal["supplier", "council"]


class Words(NamedTuple):
    """The two sentences of one reader."""

    why: str
    to_do: str


class Said(NamedTuple):
    """What a code says. `{found}`, `{wanted}` and `{of}` are those of the finding; `{thing}` and
    `{other}` are those of `About`. What is in square brackets is said only if it is all known."""

    supplier: Words
    council: Words


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim that goes first, where the reader may see it."""

    receipt_no: int
    contract_id: str
    period: str
    line_id: str
    party_id: str
    party_name: str | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What a line is about, as far as a reader knows it."""

    thing: str | None = None
    """As the line names it: the number of its invoice, the start of its session, its school."""
    other: Claim | None = None


UNKNOWN: Final = About()

NOTHING: Final = "Nothing to do."
_SUPPLIER_CORRECTS: Final = "Nothing to do: the supplier corrects the line."
_QUICKER: Final = "If it is wrong, correct it: that is quicker."
_ASK: Final = "Ask the supplier, or decide by the evidence."
_DECIDE: Final = "Decide which of the claims counts."


def _both(why: str, supplier: str = NOTHING, council: str = NOTHING) -> Said:
    """The same sentence to both."""
    return Said(Words(why, supplier), Words(why, council))


SAID: Final[dict[str, Said]] = {
    "commitment_not_active": _both(
        "This promise was not in force on {found}[; it starts on {wanted}].",
        "Check the date.",
        "Nothing to do, unless the promise should start earlier.",
    ),
    "commitment_unknown": _both(
        "This contract has no such promise.",
        "Check which promise the line is for.",
        _SUPPLIER_CORRECTS,
    ),
    "unit_differs": Said(
        Words("You gave {found}; this promise counts {wanted}.", "Correct the line."),
        Words("The line gives {found}; the promise counts {wanted}.", _SUPPLIER_CORRECTS),
    ),
    "outside_area": Said(
        Words(
            "{found} is not in this contract's local area. The line does not count.",
            "Check the postcode.",
        ),
        Words(
            "{found} is outside the local area ({wanted}).",
            "Nothing to do, unless the postcode is wrong.",
        ),
    ),
    "postcode_missing": Said(
        Words(
            "There is no postcode. The council will look at the line.",
            "Correct the line and give one: that is quicker.",
        ),
        Words("There is no postcode.", _ASK),
    ),
    "postcode_unknown": Said(
        Words("We do not know {found}. The council will look at the line.", _QUICKER),
        Words("The directory does not have {found}.", _ASK),
    ),
    "postcode_gone": Said(
        Words(
            "This postcode ended in {found}. The council will look at the line.",
            "Give the postcode of today: that is quicker.",
        ),
        Words("The postcode ended in {found}; 12 months are allowed.", _ASK),
    ),
    "postcode_terminated": Said(
        Words(
            "This postcode ended in {found}. The line counts all the same.",
            "Give the new postcode next time.",
        ),
        Words("The postcode ended in {found}; it still counts for 12 months.", NOTHING),
    ),
    "thing_missing": Said(
        Words(
            "The line does not say which school, firm or person it is about.",
            "Say which school, firm or person.",
        ),
        Words("The line names no school, firm or person.", _ASK),
    ),
    "person_missing": Said(
        Words(
            "The line does not say who it is about, so we cannot work out the weeks.",
            "Give your number for the person, never a name.",
        ),
        Words("The line has no number for the person, so the weeks cannot be worked out.", _ASK),
    ),
    "hours_missing": Said(
        Words(
            "The line gives no weekly hours. The council will look at it.",
            "Correct the line and give them: that is quicker.",
        ),
        Words("The line gives no weekly hours, so the post cannot be worked out.", _ASK),
    ),
    "waits_for_retention": _both(
        "The post counts for now. Whether it lasted is not checked yet, so it does not count for "
        "good."
    ),
    "weeks_worked_out": Said(
        Words(
            "You gave {found}; by its dates it comes to {wanted}.",
            "If that is wrong, correct the dates.",
        ),
        Words("The line gives {found}; by its dates it comes to {wanted}.", NOTHING),
    ),
    "counted_once": _both("[{thing}: ]This counted before, in {wanted}; it counts once."),
    "claimed_again": Said(
        Words(
            "[{thing}: ]You reported this twice in one month; {other} goes first.",
            "Take one of the lines out.",
        ),
        Words(
            "[{thing}: ]Reported twice in one month; {other} goes first.",
            "Nothing to do: the supplier takes one line out.",
        ),
    ),
    "claimed_by_other": Said(
        Words(
            "[{thing}: ]Another supplier reported this before. The line waits for the council.",
            "If it is something else, correct the line.",
        ),
        Words("[{thing}: ]Two suppliers reported this; {other} goes first.", _DECIDE),
    ),
    "session_claimed": Said(
        Words(
            "[{thing}: ]This session was claimed before; {other} goes first. The line waits for "
            "the council, or for the other claim's withdrawal.",
            "If it is another session, correct its start.",
        ),
        Words("[{thing}: ]This session was claimed before; {other} goes first.", _DECIDE),
    ),
    "invoice_full": Said(
        Words(
            "[{thing}: ]This invoice was claimed before; {other} goes first. {wanted} of the "
            "invoice's {of} is left, and this line claims {found}. It waits for the council, or "
            "for the other claim's withdrawal.",
            "If the invoice is another one, correct its number.",
        ),
        Words(
            "[{thing}: ]This invoice was claimed before; {other} goes first. {wanted} of the "
            "invoice's {of} is left, and this line claims {found}.",
            _DECIDE,
        ),
    ),
    "credited": _both("A credit took {found} off what waits here."),
    "credit_of_queried": _both(
        "{found} was taken off an invoice that waits for the council.",
    ),
    "credit_above_invoice": _both(
        "{wanted} of {found} was taken off: no more of the invoice counts.",
        "If that is wrong, check the amount.",
    ),
    "credit_elsewhere": Said(
        Words(
            "The invoice that this credits counts elsewhere. The line waits for the council.",
            "Credit it where you reported the invoice.",
        ),
        Words("The credited invoice counts elsewhere: {wanted}.", _ASK),
    ),
    "credit_of_nothing": Said(
        Words(
            "Nobody claims the invoice that this credits. The line waits for the council.",
            "Check the number of the invoice.",
        ),
        Words("Nobody claims the credited invoice.", _ASK),
    ),
    "credit_without_invoice": Said(
        Words(
            "The line takes something off and names no invoice.", "Say which invoice it credits."
        ),
        Words("The line takes something off and names no invoice.", _SUPPLIER_CORRECTS),
    ),
    "return_superseded": _both(
        "A later revision took the place of this return[: {found}]. Nothing of this one counts."
    ),
    "return_withdrawn": Said(
        Words(
            "You withdrew this return. Nothing of it counts.",
            "If the month is still owed, send it again.",
        ),
        Words("The supplier withdrew this return. Nothing of it counts.", NOTHING),
    ),
}
"""By code."""
CONTESTED: Final = frozenset(code for code, said in SAID.items() if "{other}" in said.council.why)
"""Of these another claim goes first."""


def words(finding: events.Finding, reader: Reader, about: About = UNKNOWN) -> Words:
    """Why, and what to do; of a code that is newer than this program, the code."""
    said = SAID.get(finding.code)
    if said is None:
        return Words(finding.code, "")
    chosen = said.supplier if reader == "supplier" else said.council
    facts = _facts(finding, reader, about)
    return Words(_fill(chosen.why, facts), _fill(chosen.to_do, facts))


def shown(finding: events.Finding, reader: Reader, about: About = UNKNOWN) -> dict[str, Any]:
    """A finding as an API shows it: what it has of rule, code, found, wanted and of; its words;
    what to do; and the claim that goes first, if the reader may see it."""
    why, to_do = words(finding, reader, about)
    answer = {**msgspec.to_builtins(finding), "words": why, "what_to_do": to_do}
    if about.other is not None and finding.code in CONTESTED:
        answer["goes_first"] = msgspec.to_builtins(about.other)
    return answer


# --- facts in words ------------------------------------------------------------------------------


def _pounds(text: str) -> str:
    return formats.amount(Decimal(text), "GBP")


def _weeks(text: str) -> str:
    return formats.amount(Decimal(text), "weeks")


def _day(text: str) -> str:
    return formats.day(date.fromisoformat(text))


def _moment(text: str) -> str:
    start = datetime.fromisoformat(text)
    return f"{formats.day(start.date())}, {start:%H:%M}"


_AS: Final[dict[str, Callable[[str], str]]] = {
    "commitment_not_active": _day,
    "unit_differs": formats.unit,
    "postcode_gone": formats.month,
    "postcode_terminated": formats.month,
    "weeks_worked_out": _weeks,
    "counted_once": formats.month,
    "invoice_full": _pounds,
    "credited": _pounds,
    "credit_of_queried": _pounds,
    "credit_above_invoice": _pounds,
}
"""How the figures of a code are read; those of the others are said as they are."""
_INSTEAD: Final = {"outside_area": "The place", "postcode_unknown": "the postcode"}
"""What is said where nothing was found."""


def _facts(finding: events.Finding, reader: Reader, about: About) -> dict[str, str | None]:
    read = _AS.get(finding.code, str)
    given = {"found": finding.found, "wanted": finding.wanted, "of": finding.of}
    facts = {name: text and _read(read, text) for name, text in given.items()}
    facts["found"] = facts["found"] or _INSTEAD.get(finding.code)
    thing = about.thing
    if thing is not None and finding.code == "session_claimed":
        thing = _read(_moment, thing)
    other = "another claim" if about.other is None else named(about.other, reader)
    return facts | {"thing": thing, "other": other}


def _read(read: Callable[[str], str], text: str) -> str:
    """A figure in words; one that an older program wrote otherwise, as it is."""
    try:
        return read(text)
    except (ArithmeticError, ValueError):
        return text


def named(claim: Claim, reader: Reader) -> str:
    """`receipt 20 of Brackenfold Builders for September 2026 on KMBC-2026-0101`."""
    receipt = f"receipt {claim.receipt_no}"
    whose = f" of {claim.party_name or claim.party_id}"
    what = f"your {receipt}" if reader == "supplier" else receipt + whose
    return f"{what} for {formats.month(claim.period)} on {claim.contract_id}"


_OPTIONAL: Final = re.compile(r"\[([^\]]*)\]")


def _fill(template: str, facts: dict[str, str | None]) -> str:
    def chosen(part: re.Match[str]) -> str:
        named = re.findall(r"\{(\w+)\}", part[1])
        return part[1] if all(facts[name] for name in named) else ""

    known = {name: text or "nothing" for name, text in facts.items()}
    return _OPTIONAL.sub(chosen, template).format(**known)
