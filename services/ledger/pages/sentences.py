"""What an entry says, in one sentence, from its leaf alone.

Promises: pure, and no more than the leaf says: ids and figures, no names. A type that is newer than
this page is shown by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from shared.pages import words


def of(leaf: Mapping[str, Any]) -> str:
    """The sentence of a leaf, as its JSON."""
    say = _SENTENCES.get(leaf["type"])
    return leaf["type"] if say is None else f"{say(leaf, leaf['facts'])}."


def _return(leaf: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    revision = f", revision {facts['revision']}" if facts["revision"] > 1 else ""
    return f"the return for {words.month(leaf['period'])}{revision} (receipt {facts['receipt_no']})"


def _received(leaf: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    return f"{facts['party_id']} sent {_return(leaf, facts)}"


def _withdrawn(leaf: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    return f"{facts['party_id']} withdrew {_return(leaf, facts)}"


def _checked(leaf: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    lines = sum(each["lines"] for each in facts["commitments"].values())
    what = words.count(lines, "line")
    return (
        f"{what} of {_return(leaf, facts)} checked"
        if lines
        else _capital(f"{_return(leaf, facts)} checked")
    )


def _assessed(_: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    made = facts["assessments"]
    if len(made) != 1:
        return f"{words.count(len(made), 'promise')} assessed"
    month = words.month(made[0]["period"])
    return f"{made[0]['commitment_id']} rated {made[0]['rating']} for {month}"


def _refused(_: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    faults = words.count(facts["faults"], "fault")
    return f"A return of {facts['party_id']} was refused: {faults}"


def _registered(leaf: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    return f"Contract {leaf['contract_id']} registered, version {facts['version']}"


def _changed(_: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    commitment = facts["commitment"]
    done = "approved" if facts["is_approved"] else "proposed"
    return f"{commitment['commitment_id']}, version {commitment['version']}, {done}"


def _case_moved(leaf: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    about = facts.get("commitment_id") or "a missing return"
    moved_to = str(facts["moved_to"]).replace("_", " ")
    return f"Case of {about} from {words.month(leaf['period'])}: {moved_to}"


def _alert(_: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    return f"Alert: {str(facts['kind']).replace('_', ' ')}"


def _parked(_: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    return f"A record that {facts['service']} could not read was set aside"


def _taken_up(_: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    return f"A record that had been set aside was processed by {facts['service']}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_SENTENCES: Final[dict[str, Callable[[Mapping[str, Any], Mapping[str, Any]], str]]] = {
    "ReturnReceived": _received,
    "ReturnWithdrawn": _withdrawn,
    "ReturnRefused": _refused,
    "ReturnChecked": _checked,
    "CommitmentAssessed": _assessed,
    "CommitmentChanged": _changed,
    "ContractRegistered": _registered,
    "CaseMoved": _case_moved,
    "AlertRaised": _alert,
    "RecordParked": _parked,
    "RecordTakenUp": _taken_up,
}
