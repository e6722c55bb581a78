"""The rows of a contract and its commitments, told again from its journal.

Promises: pure. Whatever a journal says of what people registered, proposed and approved is here as
the tables must have it, so a change by hand is a difference. `differences` names what differs.

Two things no journal tells: versions in prose, which no event carries before they are structured,
and when an award was last published (`published_at`, which nobody is shown).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from services.verification import store
from services.verification.domain import obligations, state
from services.verification.register import commitments, contracts
from shared.wire import events

Row = Mapping[str, Any]

_COMPARED: Final = ("state", "terms", "proposed_by", "proposed_at", "approved_by", "approved_at")


def differences(
    inputs: Iterable[events.Event], after: state.State, contract: Row, versions: Sequence[Row]
) -> Iterator[str]:
    """What the rows of a contract and of its commitments' versions say otherwise than the journal.
    `after`: the state that the journal leads to."""
    registered = None
    told: dict[tuple[str, int], dict[str, Any]] = {}
    for event in inputs:
        if isinstance(event, events.ContractRegistered):
            registered = event
        elif isinstance(event, events.CommitmentChanged):
            _tell(told, event)
    assert registered is not None, "a journal begins with the contract"
    for name, wanted in _contract(registered, after).items():
        if contract[name] != wanted:
            yield f"the contract's {name} differs"
    if contracts.words_digest(contract["words_salt"], contract["words"]) != registered.words_digest:
        yield "the contract's words differ"
    yield from _versions(told, versions)


def _contract(registered: events.ContractRegistered, after: state.State) -> dict[str, Any]:
    return {
        "authority_id": registered.authority_id,
        "partition": contracts.partition(registered.contract_id),
        "version": after.version,
        "inputs": after.inputs,
        "wake_on": obligations.wake_on(after),
        "supplier_ids": list(registered.supplier_ids),
        "starts_on": registered.starts_on,
        "ends_on": registered.ends_on,
        "ocid": registered.ocid,
        "award_id": registered.award_id,
        "buyer_id": registered.buyer_id,
    }


def _tell(told: dict[tuple[str, int], dict[str, Any]], event: events.CommitmentChanged) -> None:
    """Adds a proposal, or its approval."""
    version = event.commitment
    key = version.commitment_id, version.version
    said = {"terms": store.rows.commitment_version_bytes(version), "digest": event.words_digest}
    if event.approved_by is None:
        for (commitment_id, _), row in told.items():
            if commitment_id == version.commitment_id and row["state"] == "draft":
                row["state"] = "replaced"
        told[key] = said | {
            "state": "draft",
            "proposed_by": event.proposed_by,
            "proposed_at": event.occurred_at,
            "approved_by": None,
            "approved_at": None,
        }
    else:
        approval = {"approved_by": event.approved_by, "approved_at": event.occurred_at}
        told[key] |= said | {"state": "active"} | approval


def _versions(
    told: Mapping[tuple[str, int], Mapping[str, Any]], versions: Sequence[Row]
) -> Iterator[str]:
    stored = {(row["commitment_id"], row["version"]): row for row in versions}
    for (commitment_id, number), wanted in told.items():
        place, row = f"version {number} of {commitment_id}", stored.get((commitment_id, number))
        if row is None:
            yield f"{place} is missing"
            continue
        for name in _COMPARED:
            if row[name] != wanted[name]:
                yield f"the {name} of {place} differs"
        if wanted["digest"] != commitments.words_digest(row):
            yield f"the words of {place} differ"
    for commitment_id, number in stored.keys() - told.keys():
        row = stored[commitment_id, number]
        if row["terms"] is not None or row["state"] not in ("needs_structuring", "replaced"):
            yield f"version {number} of {commitment_id} was never proposed"
