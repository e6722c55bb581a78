"""What a program is answered when intake refuses: statuses and words, in one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeVar

from services.intake.acceptance.refusals import Code, Refusal
from services.intake.domain import admission
from services.intake.drafts import refusals as drafts
from services.intake.spreadsheets import filling
from shared.spreadsheets import tables
from shared.web.problems import FAULTS_MAX, Fault, Problem

Value = TypeVar("Value")

FULL_RETRY_SECONDS: Final = 1
"""How long a full queue takes to be committed, about."""


class Answer(NamedTuple):
    """Status and words; with a fault if a rule was broken."""

    status: int
    title: str
    detail: str | None = None
    fault: Fault | None = None


_SEND_LATER: Final = "Nothing was stored. Send the same request again later."

ANSWERS: Final[dict[Code, Answer]] = {
    "disk_nearly_full": Answer(503, "The disk is nearly full", _SEND_LATER),
    "messages_not_sent": Answer(
        503, "Accepted returns have waited too long to be passed on", _SEND_LATER
    ),
    "too_many_requests": Answer(429, "Too many requests"),
    "return_unknown": Answer(404, "There is no such return"),
    "contract_unknown": Answer(404, "There is no such contract"),
    "party_unknown": Answer(404, "There is no such party"),
    "return_superseded": Answer(
        409,
        "This revision cannot be withdrawn",
        fault=Fault(
            "I3",
            "A later revision has replaced this one",
            "Withdraw the latest revision of this month.",
        ),
    ),
    "contact_unknown": Answer(404, "There is no such contact"),
    "contact_elsewhere": Answer(
        409,
        "This person is a contact already",
        "It is one of another supplier or authority. Delete it there first, or give another id.",
    ),
    "contacts_full": Answer(
        409, "This supplier has very many contacts", "Delete one of them first."
    ),
}

_DRAFT_KEPT: Final = "Your draft is as it was saved last."

DRAFT_ANSWERS: Final[dict[drafts.Code, Answer]] = {
    "drafts_full": Answer(409, "You have too many drafts", "Send or delete one of them first."),
    "draft_too_large": Answer(413, "This draft would be too large", _DRAFT_KEPT),
    "draft_lines_full": Answer(413, "This draft would have too many lines", _DRAFT_KEPT),
    "draft_exists": Answer(409, "There is a draft of this month already", "Open or delete it."),
}

TITLES: Final = {
    409: "This conflicts with what was sent before",
    413: "The return is too large",
    422: "This return cannot be accepted",
}
"""Of a refused return, by status. Its faults say what is wrong."""


def accept(outcome: Value | Refusal) -> Value:
    """What was done. Raises the problem document of a refusal."""
    if isinstance(outcome, Refusal):
        raise _problem(outcome)
    return outcome


def not_drafted(refusal: drafts.Refusal) -> Problem:
    """A draft was not changed."""
    answer = DRAFT_ANSWERS[refusal.code]
    return Problem(answer.status, answer.title, answer.detail)


def _problem(refusal: Refusal) -> Problem:
    answer = ANSWERS[refusal.code]
    return Problem(
        answer.status,
        answer.title,
        answer.detail,
        errors=[] if answer.fault is None else [answer.fault],
        headers=None if refusal.retry_seconds is None else _retry_after(refusal.retry_seconds),
    )


def faulty(refused: admission.Refused) -> Problem:
    """A return has faults: all of them."""
    faults = [
        Fault(
            each.rule,
            each.message,
            each.fix,
            pointer=each.pointer if each.header is None else None,
            parameter=each.header,
            value=each.value,
        )
        for each in refused.faults
    ]
    return Problem(refused.status, TITLES[refused.status], errors=faults)


def faulty_file(found: Sequence[filling.CellFault]) -> Problem:
    """A spreadsheet has faults: all of them, each with its cell."""
    return Problem(422, TITLES[422], errors=[_of_cell(each) for each in found[:FAULTS_MAX]])


def _of_cell(each: filling.CellFault) -> Fault:
    return Fault(
        each.fault.rule,
        each.fault.message,
        each.fault.fix,
        pointer=each.fault.pointer or None,
        row=each.place.row or None,
        column=each.place.heading or None,
        cell=each.place.address or None,
        value=each.fault.value,
    )


def unreadable_file(why: tables.Unreadable) -> Problem:
    """Nothing of a file could be read."""
    return Problem(422, _FILE_UNREADABLE, errors=[Fault("form", why.message, why.fix)])


_FILE_UNREADABLE: Final = "This file cannot be read"


def file_missing(part: str) -> Problem:
    """A form came without its file."""
    fault = Fault("form", "The file is missing", f"Send it as the part {part}.", pointer="")
    return Problem(422, _FILE_UNREADABLE, errors=[fault])


def own_fields_unreadable(part: str, names: Sequence[str]) -> Problem:
    """The return's own fields that came with a file."""
    fix = f"Send one JSON object with none but: {', '.join(names)}."
    fault = Fault("form", f"The part {part} cannot be read", fix, pointer="")
    return Problem(422, TITLES[422], errors=[fault])


def full() -> Problem:
    """Too many posts wait to be committed."""
    return Problem(503, "Too many requests are waiting", headers=_retry_after(FULL_RETRY_SECONDS))


def not_a_party(reason: str) -> Problem:
    """The id in the address cannot be a party's."""
    fault = Fault("form", reason, "Use the party's org-id.", parameter="party_id")
    return Problem(422, "This cannot be a party", errors=[fault])


def authority_missing() -> Problem:
    """An operator of the installation has no authority of its own."""
    fault = Fault(
        "form",
        "An operator of the installation must name the authority",
        "Add the authority's org-id, such as authority=GB-LAE-KWL.",
        parameter="authority",
    )
    return Problem(422, "The authority is missing", errors=[fault])


def party_unknown() -> Problem:
    """Credentials are issued for the suppliers of the authority's contracts only."""
    return Problem(
        404,
        "No contract of the authority names this party",
        "Register the contract first. It is known here a moment after it was published.",
    )


def obligations_unknown() -> Problem:
    """A contract was published before its obligations were."""
    return Problem(
        409,
        "What this contract asks for is not known here",
        "Have it published again: python -m services.verification publish-contracts.",
    )


def topic_taken(topic: str) -> Problem:
    """The broker cannot have a topic of this name beside those that it has."""
    return Problem(
        409,
        "This party cannot have an inbound topic",
        f"{topic} collides with a topic that exists: for Kafka, names that differ only in `.` and "
        "`_` are the same. Register one of the two parties under another org-id.",
    )


def clock_not_moved(reason: str) -> Problem:
    """The demo's clock cannot be moved to where it was asked to."""
    return Problem(409, "The clock cannot be moved", reason)


def _retry_after(seconds: int) -> dict[str, str]:
    return {"retry-after": str(seconds)}
