"""What is read only to be shown: what contracts and officers are called. It is no part of the log.

Refuses (parks): the names of a contract in another authority's name than the log, or an earlier
message, knows it in.
"""

from __future__ import annotations

from services.ledger import store
from shared import officers
from shared.delivery import belief, parking, transaction
from shared.wire import events


async def keep(unit: transaction.Unit) -> None:
    """Stores the names that the unit's messages say; these messages leave the unit."""
    await officers.keep(unit)
    said = [each for each in unit.messages if isinstance(each.event, events.ContractPublished)]
    if not said:
        return
    contract_ids = {each.event.contract_id for each in said}
    owners = await store.names.load_owners(unit.conn, contract_ids)
    foreign = []
    for message in said:
        event = message.event
        if owners.setdefault(event.contract_id, event.authority_id) != event.authority_id:
            foreign.append(message)
    belief.set_aside(unit, foreign, parking.AUTHORITY_DIFFERS)
    believed = [m.event for m in unit.messages if isinstance(m.event, events.ContractPublished)]
    await store.names.apply_contracts(unit.conn, believed)
    unit.messages = tuple(
        each for each in unit.messages if not isinstance(each.event, events.ContractPublished)
    )
