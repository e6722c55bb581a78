"""The measures, for every role: what is counted, what a line needs, what is checked, an example."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends

from services.intake.api import documents
from services.intake.domain import measures
from shared import catalogue, rules
from shared.web import auth, lists, routes

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.get("/measures", dependencies=[Depends(auth.caller())])
async def list_measures() -> lists.Page[documents.Measure]:
    """Every measure of the catalogue, in its order. They are no one's, so each role sees all."""
    return lists.Page(items=_ALL, next=None)


def _shown(described: measures.Described) -> documents.Measure:
    measure = described.measure
    return documents.Measure(
        **{name: getattr(measure, name) for name in _AS_IN_THE_CATALOGUE},
        quantity_max=f"{measure.quantity_max:f}",
        evidence=list(measure.evidence),
        never_counted=described.never_counted,
        needs=[documents.Need(**need._asdict()) for need in described.needs],
        waits_without=[documents.Need(**need._asdict()) for need in described.waits_without],
        checks=_checks(described.checks.applied),
        checks_not_built=_checks(described.checks.not_built),
        example=described.example,
    )


def _checks(found: tuple[rules.Check, ...]) -> list[documents.Check]:
    return [documents.Check(**each._asdict()) for each in found]


_AS_IN_THE_CATALOGUE: Final = (
    "code",
    "title",
    "theme",
    "unit",
    "kind",
    "recognition",
    "decimals_max",
    "is_local",
)
_ALL: Final = [_shown(measures.describe(each)) for each in catalogue.CATALOGUE_ENTRIES]
"""They are part of the program."""
