"""What a program is answered when the register refuses: status and words, in one table."""

from __future__ import annotations

from typing import Final, NamedTuple, TypeVar

from services.verification.register.refusals import Code, Refusal
from shared.web.problems import Fault, Problem

Value = TypeVar("Value")


class Answer(NamedTuple):
    """Status and words; `{detail}` is replaced by the detail of the refusal."""

    status: int
    title: str
    detail: str | None = None


ANSWERS: Final[dict[Code, Answer]] = {
    "alert_unknown": Answer(404, "There is no such alert"),
    "case_unknown": Answer(404, "There is no such case"),
    "contract_unknown": Answer(404, "There is no such contract"),
    "contract_known": Answer(409, "A contract with this id is registered already"),
    "contract_of_another_authority": Answer(409, "A contract with this id is registered already"),
    "contract_ends_before_start": Answer(422, "The contract ends before it starts"),
    "award_known": Answer(409, "A contract for this award is registered already"),
    "commitment_unknown": Answer(404, "There is no such commitment"),
    "commitment_known": Answer(409, "This commitment exists already: change it with PATCH"),
    "commitment_unreadable": Answer(422, "The commitment cannot be read"),
    "too_many_commitments": Answer(422, "A contract has at most {detail} commitments"),
    "too_many_versions": Answer(
        422, "A commitment has at most {detail} versions: draft another commitment"
    ),
    "not_structured": Answer(422, "The target is still prose: give measure, target and profile"),
    "still_in_prose": Answer(409, "The target is still prose: structure it with PATCH first"),
    "nothing_proposed": Answer(409, "Nothing is proposed: the newest version is active"),
    "another_version_proposed": Answer(409, "Version {detail} is proposed now: read it first"),
    "own_proposal": Answer(403, "The person who proposed a commitment may not approve it"),
    "version_refused": Answer(
        409,
        "This version cannot take effect",
        "A version takes effect no earlier than the one before it ({detail})",
    ),
    "officer_unknown": Answer(422, "No manager or approver of the authority has this account"),
    "owner_is_deputy": Answer(422, "Owner and deputy are two people"),
    "webhook_of_installation": Answer(403, "A webhook belongs to one authority"),
    "webhook_refused": Answer(422, "This URL cannot be called"),
    "webhook_unknown": Answer(404, "There is no such webhook"),
    "too_many_webhooks": Answer(422, "An authority has at most {detail} webhooks: remove one"),
    "contact_unknown": Answer(404, "There is no such contact"),
    "contact_elsewhere": Answer(
        422, "This is no account of your authority", "Write it as NAME@AUTHORITY."
    ),
    "contacts_full": Answer(409, "There are very many contacts", "Delete one of them first."),
    "holiday_entered": Answer(409, "This holiday was entered before: {detail}"),
    "holiday_known_too_early": Answer(
        422, "The holiday is known from a day that lies ahead: {detail} or later"
    ),
    "holiday_before_known": Answer(
        422, "The holiday comes after the day from which it is known: later than {detail}"
    ),
    "holiday_too_far": Answer(422, "The holiday lies too far ahead: at most on {detail}"),
    "holiday_no_working_day": Answer(
        422, "This day is a weekend or a bank holiday of the calendar already: {detail}"
    ),
}


def accept(outcome: Value | Refusal) -> Value:
    """What the register did. Raises the problem document of a refusal."""
    if isinstance(outcome, Refusal):
        raise _problem(outcome)
    return outcome


def sentence(refusal: Refusal) -> str:
    """A refusal in one line, for a list of them."""
    title = ANSWERS[refusal.code].title.format(detail=refusal.detail)
    has_detail = refusal.pointer is not None and refusal.detail is not None
    return f"{title}: {refusal.detail}" if has_detail else title


def _problem(refusal: Refusal) -> Problem:
    answer = ANSWERS[refusal.code]
    title = answer.title.format(detail=refusal.detail)
    detail = answer.detail and answer.detail.format(detail=refusal.detail)
    faults = []
    if refusal.pointer is not None:
        faults = [Fault("form", refusal.detail or title, pointer=refusal.pointer)]
    return Problem(answer.status, title, detail, errors=faults)
