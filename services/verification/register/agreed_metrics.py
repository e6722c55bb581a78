"""Agreed metrics of the United Kingdom's extension of OCDS: promises, as published.

Promises: pure and total. A metric has figures if it has a measure of the catalogue, one target in
its unit, and a period. Any other keeps its prose, with what is missing.
Refuses: to guess a measure, a unit or a period.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from services.verification.register import addresses, published
from services.verification.register.things import Fault, Thing, shown
from shared import catalogue, fields

WORDS_CHARACTERS_MAX: Final = 20_000
"""Of all the prose of one metric."""
TARGET_MIN: Final = Decimal("0.000001")
TARGET_MAX: Final = Decimal(10) ** 12

_FIGURE: Final = re.compile(r"-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Figures:
    """What an agreed metric promises, where that can be read."""

    measure: str
    target: Decimal
    starts_on: date
    ends_on: date
    profile: Mapping[str, Any] | None = None
    """How it falls due; None: evenly."""
    area: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """An agreed metric."""

    thing: Thing
    commitment_id: str
    title: str
    figures: Figures | None
    """None: its target is prose and needs structuring."""
    words: str
    reason: str | None
    """Why it needs structuring."""


def read(thing: Thing, latest: date) -> Metric | Fault:
    """The metric of a thing that has an id."""
    assert thing.id is not None
    metric = published.mapping(thing.published)
    observations = [published.mapping(each) for each in published.items(metric.get("observations"))]
    title = published.text(metric.get("title")) or thing.id
    prose = [metric.get("title"), metric.get("description"), *map(_prose, observations)]
    words = "\n".join(part for part in map(published.text, prose) if part) or title
    figures = _figures(thing, observations, latest)
    for fault in (
        published.too_long(title, f"{thing.place}/title", fields.TEXT_CHARACTERS_MAX),
        published.too_long(words, thing.place, WORDS_CHARACTERS_MAX),
        figures,
    ):
        if isinstance(fault, Fault):
            return fault
    return Metric(
        thing=thing,
        commitment_id=addresses.safe(thing.id, fields.CODE_CHARACTERS_MAX),
        title=title,
        figures=figures if isinstance(figures, Figures) else None,
        words=words,
        reason=figures if isinstance(figures, str) else None,
    )


def _prose(observation: Mapping[str, Any]) -> str:
    """An observation as people read it: the target with its unit and period, and notes."""
    value, unit = (published.mapping(observation.get(name)) for name in ("value", "unit"))
    period = published.mapping(observation.get("period"))
    days = [f"{word} {period[name]}" for name, word in _DAYS.items() if period.get(name)]
    parts = (
        observation.get("measure"),
        value.get("amount"),
        value.get("currency"),
        unit.get("name"),
        *days,
    )
    target = " ".join(str(each) for each in parts if isinstance(each, str | int | Decimal))
    return "\n".join(filter(None, (target, published.text(observation.get("notes")))))


_DAYS: Final = {"startDate": "from", "endDate": "to"}


def _figures(
    thing: Thing, observations: list[Mapping[str, Any]], latest: date
) -> Figures | str | Fault:
    """Measure, target and period; or why they cannot be read."""
    if len(observations) != 1:
        return "it needs exactly one observation, with the target"
    only = observations[0]
    code = published.text(published.mapping(only.get("dimensions")).get("measure"))
    measure = catalogue.by_code.get(code or "") or catalogue.by_code.get(thing.id or "")
    if measure is None:
        return "it has no measure of the catalogue"
    amount = _amount(only)
    if amount.figure is None:
        return "its target is prose"
    if amount.unit != measure.unit:
        sent = shown(amount.unit)
        return f"its unit is {sent}, not {measure.unit}" if sent else "it has no unit"
    period, place = published.mapping(only.get("period")), f"{thing.place}/observations/0/period"
    starts_on = published.day(period.get("startDate"), f"{place}/startDate", latest)
    ends_on = published.day(period.get("endDate"), f"{place}/endDate", latest, is_end=True)
    if isinstance(starts_on, Fault):
        return starts_on
    if isinstance(ends_on, Fault):
        return ends_on
    if starts_on is None or ends_on is None or starts_on > ends_on:
        return "it has no period with a start and an end"
    return Figures(measure.code, amount.figure, starts_on, ends_on)


class _Amount(NamedTuple):
    figure: Decimal | None
    unit: str | None


def _amount(observation: Mapping[str, Any]) -> _Amount:
    """Figure and unit of an observation: money in `value`, anything else in `measure`."""
    value = published.mapping(observation.get("value"))
    if value:
        return _Amount(_decimal(value.get("amount")), published.text(value.get("currency")))
    unit = published.mapping(observation.get("unit"))
    return _Amount(_decimal(observation.get("measure")), published.text(unit.get("name")))


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    text = str(value).strip()
    figure = Decimal(text) if _FIGURE.fullmatch(text) else Decimal(0)
    return figure if TARGET_MIN <= figure <= TARGET_MAX else None
