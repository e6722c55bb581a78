"""What a refusal of the register is to a program: its status and its words, in one table."""

from __future__ import annotations

from typing import Final, NamedTuple

from services.verification.register.refusals import Code, Refusal
from shared.web.problems import Fault, Problem


class Answer(NamedTuple):
    status: int
    title: str
    """`{detail}` stands for the refusal's detail."""
    detail: str | None = None


ANSWERS: Final[dict[Code, Answer]] = {
    "contract_known": Answer(409, "A contract with this id is registered already"),
    "award_known": Answer(409, "A contract for this award is registered already"),
    "contract_of_another_authority": Answer(409, "A contract with this id is registered already"),
    "commitment_unknown": Answer(404, "There is no such commitment"),
    "commitment_known": Answer(409, "This commitment exists already; change it with PATCH"),
    "too_many_commitments": Answer(422, "A contract has at most {detail} commitments"),
    "commitment_unreadable": Answer(422, "The commitment cannot be read"),
    "not_structured": Answer(422, "To structure a target, give its measure, target and profile"),
    "still_in_prose": Answer(
        409, "The target is still in prose: give it a measure and figures first"
    ),
    "nothing_proposed": Answer(409, "Nothing is proposed: the newest version is active"),
    "another_version_proposed": Answer(409, "Version {detail} is proposed by now"),
    "own_proposal": Answer(403, "The person who proposed a commitment may not approve it"),
    "version_refused": Answer(
        409,
        "This version is refused",
        "{detail}: a version takes effect no earlier than the one before it",
    ),
}


def problem(refusal: Refusal) -> Problem:
    """The refusal as a problem document."""
    answer = ANSWERS[refusal.code]
    title = answer.title.format(detail=refusal.detail)
    detail = answer.detail and answer.detail.format(detail=refusal.detail)
    faults = []
    if refusal.pointer is not None:
        faults = [Fault("form", refusal.detail or title, pointer=refusal.pointer)]
    return Problem(answer.status, title, detail, errors=faults)


def sentence(refusal: Refusal) -> str:
    """The refusal in one line, for a list of them."""
    answer = ANSWERS[refusal.code]
    title = answer.title.format(detail=refusal.detail)
    return f"{title}: {refusal.detail}" if refusal.pointer is not None else title
