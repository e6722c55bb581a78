"""What a supplier sees if the month's return came from elsewhere while it was about to send its
own: a program sent it, or a colleague."""

from __future__ import annotations

from dataclasses import dataclass

from services.intake.domain import due
from services.intake.drafts import months
from services.intake.pages import addresses
from shared import formats
from shared.pages.names import NONE, Names
from shared.pages.parts import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What stands for the month now, and what can be done with the draft."""

    title: str
    of: str
    sentences: tuple[str, ...]
    ways: tuple[Link, ...]


def show(month: months.Month, sent: due.Sent, names: Names = NONE) -> Page:
    """The page. `sent`: what stands for the month by now, or was withdrawn since."""
    place = month.place
    received = formats.moment(sent.received_at)
    came = f"Receipt {sent.receipt_no}, revision {sent.revision}, was received {received}."
    if sent.is_withdrawn:
        came += " It was withdrawn since."
    at = addresses.month(place.contract_id, place.period)
    return Page(
        title=f"A return for {formats.month(place.period)} was sent meanwhile",
        of=names.contract(place.contract_id),
        sentences=(came, "Yours was not sent. Your draft is kept."),
        ways=(
            Link("See what was sent", f"/returns/{sent.return_id}"),
            Link("Check yours again, to send it as the next revision", f"{at}/check"),
            Link("Back to the draft", at),
        ),
    )
