"""A row of a contract.

Promises: pure. A contract stands with all that is needed, or every fault of its row is told.
Refuses: to guess an identifier; a reference that could be no part of an address.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from pydantic import TypeAdapter, ValidationError

from services.verification.register import parties, published
from services.verification.register.parties import Organisation
from services.verification.register.spreadsheets import cells, columns
from services.verification.register.things import Thing
from services.verification.register.written import Written
from shared import fields, formats, identifiers

VALUE_MAX: Final = Decimal(10) ** 12
_ID: Final[TypeAdapter[str]] = TypeAdapter(fields.ContractId)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._:-]+")
_COMPANY: Final = re.compile(r"[A-Za-z]{0,2}[0-9]{5,8}")
_ORG_ID: Final = "Write it as an org-id, such as GB-COH-01234567 of a company."


def reference(row: cells.Row) -> str | None:
    """The contract that a row is of."""
    written = row.needed(columns.REFERENCE, "Write the contract's own number.")
    if written is None:
        return None
    try:
        return _ID.validate_python(written)
    except ValidationError:
        meant = _UNSAFE.sub("-", written).strip("-._:")[: fields.CONTRACT_ID_CHARACTERS_MAX]
        fix = f"Write it as {meant}." if meant else "Write the contract's own number."
        reason = "A reference has letters, digits, and the signs . _ : - alone"
        row.fail(columns.REFERENCE, reason, fix)
        return None


def read(row: cells.Row, thing: Thing, window: published.Window) -> Written | None:
    """The contract of a row; None: the row has faults."""
    title = row.needed(columns.TITLE, "Write the title of the contract.")
    suppliers = _suppliers(row)
    row.needed(columns.FIRST_DAY, _DAY)
    starts_on = row.day(columns.FIRST_DAY, window.starts)
    row.needed(columns.LAST_DAY, _DAY)
    ends_on = row.day(columns.LAST_DAY, window.ends)
    value = _value(row)
    signed_on = row.day(columns.SIGNED_ON, window.starts)
    if starts_on is not None and ends_on is not None and ends_on < starts_on:
        row.fail(columns.LAST_DAY, "The contract ends before it starts", "Correct the days.")
    if row.faults or title is None or starts_on is None or ends_on is None:
        return None
    return Written(
        thing=thing,
        title=title,
        suppliers=suppliers,
        starts_on=starts_on,
        ends_on=ends_on,
        value=value,
        signed_on=signed_on,
    )


_DAY: Final = "Write a day, such as 6 October 2026."


def _suppliers(row: cells.Row) -> tuple[Organisation, ...]:
    """Several are parted by semicolons, and so are their names."""
    written = row.needed(columns.SUPPLIER, _ORG_ID)
    spelt = _parts(written)
    named = _parts(row.text(columns.SUPPLIER_NAME, fields.TEXT_CHARACTERS_MAX))
    if named and len(named) != len(spelt) and written is not None:
        many = formats.count(len(spelt), "identifier"), formats.count(len(named), "name")
        reason = f"There are {many[0]} and {many[1]}"
        row.fail(columns.SUPPLIER_NAME, reason, "Give each identifier its name, parted by ;")
        return ()
    if len(spelt) > parties.SUPPLIERS_MAX:
        reason = f"There are more than {parties.SUPPLIERS_MAX:,} suppliers"
        row.fail(columns.SUPPLIER, reason, "Register the contract in parts.")
        return ()
    found: dict[str, Organisation] = {}
    for number, each in enumerate(spelt):
        org_id = identifiers.org_id(each)
        if org_id is None:
            row.fail(columns.SUPPLIER, f"“{each[:60]}” is no org-id", _meant(each))
        elif org_id in found:
            row.fail(columns.SUPPLIER, f"“{org_id}” is there twice", "Write each supplier once.")
        else:
            found[org_id] = Organisation(org_id, named[number] if named else None)
    return tuple(found.values())


def _parts(written: str | None) -> list[str]:
    return [part.strip() for part in (written or "").split(";") if part.strip()]


def _meant(written: str) -> str:
    """What to write, where a company number is all that was written."""
    meant = identifiers.org_id(f"GB-COH-{written}") if _COMPANY.fullmatch(written) else None
    return f"If this is a company number, write {meant}." if meant else _ORG_ID


def _value(row: cells.Row) -> Decimal | None:
    value = row.number_of(columns.VALUE)
    if value is None:
        return None
    if not 0 <= value <= VALUE_MAX:
        row.fail(columns.VALUE, "A value is between £0 and £1,000,000,000,000", "Correct it.")
    elif value != round(value, 2):
        row.fail(columns.VALUE, "There are parts of a penny", "Round it to pence.")
    else:
        return value
    return None
