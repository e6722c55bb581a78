"""The JSON of an import."""

from __future__ import annotations

from pydantic import BaseModel

from services.verification.register import things


class ImportCounts(BaseModel):
    """Contracts of the register, by what became of them."""

    new: int
    changed: int
    unchanged: int


class ImportFault(BaseModel):
    """What else is wrong with a row of a spreadsheet."""

    place: str
    """The cell, such as `Contracts!B7`."""
    value: str | None
    """What is there."""
    reason: str
    fix: str | None
    """What to do."""


class ImportOutcome(BaseModel):
    """What became of one thing of a file."""

    kind: things.Kind
    """Of a spreadsheet: a sheet, and its rows of contracts and commitments."""
    fate: things.Fate
    """A release whose awards tell for themselves is `read`; so is a sheet."""
    place: str
    """A JSON pointer into the file, after the number of its line where a line is a release; of a
    spreadsheet a sheet, or a cell such as `Contracts!B7`. Of what is faulty: where the fault is."""
    ocid: str | None
    id: str | None
    """As published."""
    contract_id: str | None
    value: str | None
    """What is wrong; of what a later release tells, the place of that release."""
    reason: str | None
    fix: str | None
    """What to do."""
    more: list[ImportFault]
    """Its other faults."""


class ImportSummary(BaseModel):
    """What an import did, or would do."""

    committed: bool
    """False: this was a dry run, and nothing was stored."""
    contracts: ImportCounts
    counts: dict[things.Kind, dict[things.Fate, int]]
    """Everything in the file, by kind and by what became of it."""
    outcomes: list[ImportOutcome]
    """One for each release, award, contract and metric of the file, in order; of a spreadsheet, for
    each sheet and row."""
