"""The lean floor drops all it can: it reads four fields of a line and stores six columns."""

from __future__ import annotations

from decimal import Decimal

import pydantic

ARM = "lean floor"
TABLE = "floor_lean_line"
SCHEMA = f"""
    DROP TABLE IF EXISTS {TABLE};
    CREATE TABLE {TABLE} (
        contract_id text NOT NULL, period text NOT NULL, return_id text NOT NULL,
        line_id text NOT NULL, commitment_id text NOT NULL, counted numeric NOT NULL
    )
"""
COLUMNS = ("contract_id", "period", "return_id", "line_id", "commitment_id", "counted")


class Line(pydantic.BaseModel):
    line_id: str
    commitment_id: str
    quantity: Decimal
    unit: str


class Return(pydantic.BaseModel):
    contract_id: str
    period: str
    return_id: str
    lines: list[Line]


class LineResult(pydantic.BaseModel):
    line_id: str
    commitment_id: str
    counted: Decimal


class Result(pydantic.BaseModel):
    contract_id: str
    period: str
    return_id: str
    results: list[LineResult]


def check(body: bytes) -> bytes:
    """The result of a return."""
    sent = Return.model_validate_json(body)
    results = [
        LineResult(line_id=line.line_id, commitment_id=line.commitment_id, counted=line.quantity)
        for line in sent.lines
    ]
    result = Result(
        contract_id=sent.contract_id,
        period=sent.period,
        return_id=sent.return_id,
        results=results,
    )
    return result.model_dump_json().encode()


def rows(body: bytes) -> list[tuple[object, ...]]:
    """The rows of a result, one for each line."""
    result = Result.model_validate_json(body)
    return [
        (
            result.contract_id,
            result.period,
            result.return_id,
            line.line_id,
            line.commitment_id,
            line.counted,
        )
        for line in result.results
    ]
