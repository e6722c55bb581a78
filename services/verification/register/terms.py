"""What a version of a commitment promises: from what people ask for to what the fold can read.

Promises: pure. The catalogue says kind and unit; a linear profile without dates runs with the
contract.
Refuses: an unknown measure, one of which nothing could ever count, another kind or unit than the
measure's, and a target, profile or area that the fold cannot read; each with its field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from services.verification.domain import fold
from services.verification.register.refusals import Refusal
from shared import catalogue
from shared.wire import events


class Life(NamedTuple):
    """The first and the last day of a contract."""

    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a version is to promise."""

    measure: str
    """A code of the catalogue."""
    target: Decimal
    profile: Mapping[str, Any]
    area: Mapping[str, Any] | None = None
    from_on: date | None = None
    """From when the version is in force; None: from the start of the contract."""
    kind: str | None = None
    unit: str | None = None
    """Whoever gives a kind or unit must give the measure's."""


def structure(
    commitment_id: str, number: int, terms: Terms, life: Life
) -> events.CommitmentVersion | Refusal:
    """The draft of version `number` of a commitment."""
    measure = catalogue.by_code.get(terms.measure)
    if measure is None:
        return unreadable("/measure", f"{terms.measure} is not a measure of {catalogue.CATALOGUE}")
    for name, wanted in (("kind", terms.kind), ("unit", terms.unit)):
        if wanted not in (None, getattr(measure, name)):
            return unreadable(
                f"/{name}", f"The {name} of {measure.code} is {getattr(measure, name)}"
            )
    if measure.code in catalogue.NEVER_COUNTED:
        return unreadable("/measure", catalogue.NEVER_COUNTED[measure.code])
    from_on = terms.from_on or life.starts_on
    try:
        version = events.CommitmentVersion(
            commitment_id=commitment_id,
            version=number,
            state="draft",
            measure=measure.code,
            kind=measure.kind,
            unit=measure.unit,
            target=events.plain(terms.target),
            profile=_profile(terms.profile, from_on, life.ends_on),
            area=None if terms.area is None else dict(terms.area),
            from_=from_on,
        )
    except ValueError as error:
        return unreadable("/target", str(error))
    try:
        fold.read_version(version, life.starts_on)
    except ValueError as error:
        field, _, _ = str(error).partition(":")
        return unreadable(f"/{field}", str(error))
    return version


def unreadable(pointer: str, sentence: str) -> Refusal:
    """A commitment with a wrong field."""
    return Refusal("commitment_unreadable", sentence, pointer)


def _profile(wanted: Mapping[str, Any], from_on: date, ends_on: date) -> dict[str, Any]:
    profile = dict(wanted)
    profile.setdefault("from", str(from_on))
    if profile.get("kind") == "linear":
        profile.setdefault("to", str(ends_on))
    return profile
