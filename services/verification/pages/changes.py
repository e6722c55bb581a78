"""The latest changes of a contract: what came, what was decided of it, in words, the newest first.

Promises: pure. A rating is a change where it differs from the one before it; every change leads to
the record, which has all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from services.verification.api import documents
from services.verification.api.documents import alerts
from services.verification.domain.slots import Filing
from services.verification.pages import ratings
from shared import formats
from shared.pages.parts import Happening, Link

CHANGES_MAX: Final = 10


class Change(NamedTuple):
    """One change. They are in order by what they are made of."""

    at: datetime
    what: str
    href: str


def show(changes: Iterable[Change]) -> tuple[Happening, ...]:
    """The latest ones. Of those of one moment the last that was handed in comes first."""
    ordered = sorted(changes, key=lambda each: each.at)
    return tuple(
        Happening(each.what, formats.moment(each.at), Link("In the record", each.href))
        for each in reversed(ordered[-CHANGES_MAX:])
    )


def of_versions(contract: documents.ContractWhole) -> Iterator[Change]:
    """What was proposed, and what was approved."""
    href = f"record:/contracts/{contract.contract_id}"
    for each in contract.commitments:
        for version in each.versions:
            if version.state == "needs_structuring":
                continue
            target = formats.amount(version.target, version.unit)
            what = f"{each.title}: version {version.version}, {target}"
            yield Change(version.proposed_at, f"{what}, was proposed", href)
            if version.approved_at is not None:
                yield Change(version.approved_at, f"{what}, was approved", href)


def of_filings(filings: Sequence[Filing], suppliers: Mapping[str, str]) -> Iterator[Change]:
    """Returns that came or were withdrawn. `suppliers`: their names, where there are several."""
    for each in filings:
        whose = f" of {suppliers.get(each.slot[1], each.slot[1])}" if suppliers else ""
        what = f"The return{whose} for {formats.month(each.slot[0])}"
        if each.is_withdrawal:
            what += " was withdrawn"
        elif each.revision > 1:
            what += f" was corrected: revision {each.revision}"
        else:
            what += " came"
        yield Change(
            each.at, f"{what}, receipt {each.receipt_no}", f"record:/returns/{each.return_id}"
        )


def of_ratings(
    contract: documents.ContractWhole,
    assessed: Iterable[tuple[str, documents.AssessmentShown]],
) -> Iterator[Change]:
    """Ratings that differ from the one before: of the same month, or else of the month before."""
    titles = {each.commitment_id: each.title for each in contract.commitments}
    href = f"record:/contracts/{contract.contract_id}"
    known: dict[str, dict[str, str]] = {}
    for commitment_id, made in assessed:
        own = known.setdefault(commitment_id, {})
        of_month, earlier = own.get(made.period), [each for each in own if each < made.period]
        before = of_month or (own[max(earlier)] if earlier else None)
        own[made.period] = made.rating
        if before == made.rating:
            continue
        title, month = titles.get(commitment_id, commitment_id), formats.month(made.period)
        if before is None:
            what = f"{title}: first rated, {made.rating} for {month}"
        elif of_month is not None:
            what = f"{title}: the rating of {month} changed from {before} to {made.rating}"
        else:
            what = f"{title}: {made.rating} for {month}, after {before}"
        yield Change(made.assessed_at, what, href)


def of_cases(
    cases: Iterable[alerts.Case], named: Mapping[object, str], contract_id: str
) -> Iterator[Change]:
    """Cases that opened, and where they stand if they moved since. `named`: by id."""
    href = f"record:/contracts/{contract_id}"
    for each in cases:
        name = named[each.case_id]
        yield Change(each.opened_at, f"{name}: a case opened", href)
        if each.moved_at > each.opened_at:
            state = ratings.STATES.get(each.state, each.state)
            yield Change(each.moved_at, f"{name}: the case moved. {state}", href)
