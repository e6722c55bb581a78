"""Returns as spreadsheets, for programs: a template out, a file of lines in.

Promises: a file is judged by the rules that judge JSON, and every fault names its cell. With
`dry_run` nothing is stored. Else it is a return like any other: what is kept, and what the receipt
is for, are the JSON bytes that the file means, which the dry run shows; the same file again gets
the same receipt.
Refuses: what cannot be read; a contract or month that the caller may not report on (`404`).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Query, Request, Response
from starlette.datastructures import UploadFile

from services.intake import store
from services.intake.acceptance import desk, group_commit
from services.intake.acceptance.refusals import Refusal
from services.intake.api import documents, receipts, refusals
from services.intake.api.dependencies import Dependencies, Injected, Supplier
from services.intake.domain import admission, faults, returns
from services.intake.drafts import months
from services.intake.spreadsheets import filling, judging, templates
from shared import calendar, fields
from shared import documents as json_documents
from shared.spreadsheets import reading, tables, writing
from shared.web import auth, problems, routes, scope

router = APIRouter(prefix="/api/v1", route_class=routes.Route)

BODY_BYTES_MAX: Final = tables.BYTES_MAX + 128 * 1024
"""The largest file, and what is around it."""
FILE_PART: Final = "file"
RETURN_PART: Final = "return"
MULTIPART: Final = "multipart/form-data"
OWN_FIELDS: Final = frozenset({"revision", "reason", "invoiced_to_date", "declaration"})
"""What the file does not say, and the part `return` does."""

# --- what a file says ----------------------------------------------------------------------------


class Checked(NamedTuple):
    """A file of lines, and the month that it was checked for."""

    month: months.Month
    book: tables.Book
    judged: judging.Judged
    before: list[dict[str, Any]]
    """The lines of the month before."""
    titles: Mapping[str, str] = MappingProxyType({})
    """Of the promises that have one of their own."""


async def find_month(
    who: auth.Caller, dependencies: Dependencies, contract_id: str, period: str
) -> months.Month:
    """The month of one of the caller's own contracts. Raises `404` for any other."""
    today = calendar.london_day(dependencies.clock.now())
    seen = scope.of(who)
    slot = months.Slot(contract_id, period)
    found = await months.find(dependencies.delivery.pool, seen, slot, today)
    return refusals.accept(found if found is not None else Refusal("contract_unknown"))


async def check(
    dependencies: Dependencies,
    month: months.Month,
    book: tables.Book,
    own: Mapping[str, Any] | None = None,
) -> Checked:
    """What a file says of a month, and what is wrong with it. Without the return's own fields, what
    is asked later is no fault."""
    before = await months.find_lines_before(dependencies.delivery.pool, month)
    titles = await _load_titles(dependencies, month)
    judged = await _aside(book, lambda: _judge(month, book, own, titles))
    return Checked(month, book, judged, before, titles)


async def _load_titles(dependencies: Dependencies, month: months.Month) -> Mapping[str, str]:
    """What the promises are called, by commitment, as far as it is known."""
    place = month.place
    of = scope.Scope(place.authority_id, place.party_id)
    found = await store.names.load_names(dependencies.delivery.pool, of, [place.contract_id])
    return {
        each.commitment_id: title
        for each, title in found.promises.items()
        if each.contract_id == place.contract_id
    }


_THE_DESKS: Final = ("/revision",)
"""Only the desk knows whether this very return is in already, or another one."""


def _judge(
    month: months.Month,
    book: tables.Book,
    own: Mapping[str, Any] | None,
    titles: Mapping[str, str],
) -> judging.Judged:
    place = month.place
    wanted = filling.Wanted(place.contract_id, place.period, month.promises, titles)
    context = returns.Context(place.party_id, month.contract, month.revision, month.today)
    named = {"revision": month.revision + 1} if own is None else own
    judged = judging.judge(filling.fill(book, wanted), wanted, named, context)
    return judging.without(judged, judging.ASKED_LATER if own is None else _THE_DESKS)


async def _aside(book: tables.Book, work: Callable[[], judging.Judged]) -> judging.Judged:
    """The result of `work`; in a thread if the file is long, since the event loop must send
    heartbeats."""
    rows = sum(len(sheet.rows) for sheet in book.sheets)
    return await asyncio.to_thread(work) if rows > ROWS_LIGHT else work()


ROWS_LIGHT: Final = 100
"""Judged in 10 ms."""


def totals(lines: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    """What lines report, by commitment, as far as it can be read."""
    found: dict[str, Decimal] = {}
    for line in lines:
        name, quantity = line.get("commitment_id"), line.get("quantity")
        if isinstance(name, str) and isinstance(quantity, str):
            try:
                found[name] = found.get(name, Decimal(0)) + Decimal(quantity)
            except ArithmeticError:
                continue
    return found


async def make_template(
    dependencies: Dependencies, month: months.Month, format_: tables.Format
) -> Response:
    """The template of a month, as a file."""
    before = await months.find_lines_before(dependencies.delivery.pool, month)
    place = month.place
    wanted = templates.Month(
        contract_id=place.contract_id,
        party_id=place.party_id,
        period=place.period,
        promises=month.promises,
        before=before,
        titles=await _load_titles(dependencies, month),
    )
    write = templates.xlsx if format_ == "xlsx" else templates.csv
    body = await asyncio.to_thread(write, wanted)
    return answer_file(templates.file_name(place.contract_id, place.period), body, format_)


def answer_file(name: str, body: bytes, format_: tables.Format) -> Response:
    """A spreadsheet to save."""
    kind = writing.XLSX if format_ == "xlsx" else f"{writing.CSV}; charset=utf-8"
    headers = {"content-disposition": f'attachment; filename="{name}.{format_}"'}
    return Response(body, media_type=kind, headers=headers)


# --- endpoints -----------------------------------------------------------------------------------


@router.get("/contracts/{contract_id}/template", response_class=Response)
async def get_template(
    contract_id: fields.ContractId,
    who: Supplier,
    dependencies: Injected,
    query: Annotated[documents.TemplateQuery, Query()],
) -> Response:
    """A spreadsheet to fill in: a row for each promise in force, and for each person of the month
    before."""
    month = await find_month(who, dependencies, contract_id, query.period)
    return await make_template(dependencies, month, query.format)


_FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            MULTIPART: {
                "schema": {
                    "type": "object",
                    "required": [FILE_PART],
                    "properties": {
                        FILE_PART: {"type": "string", "format": "binary"},
                        RETURN_PART: {"$ref": "#/components/schemas/Submission"},
                    },
                }
            },
            writing.XLSX: {"schema": {"type": "string", "format": "binary"}},
            writing.CSV: {"schema": {"type": "string"}},
        },
    },
    "parameters": [
        {
            "name": desk.KEY_HEADER,
            "in": "header",
            "schema": {"type": "string", "maxLength": desk.KEY_CHARACTERS_MAX},
        }
    ],
}
"""For the description of the endpoint, which reads header and body by itself."""


@router.post(
    "/returns/file",
    status_code=201,
    response_model=None,
    responses=receipts.RESPONSES,
    openapi_extra=_FILE,
)
async def post_file(
    request: Request,
    who: Supplier,
    dependencies: Injected,
    query: Annotated[documents.FileQuery, Query()],
) -> Response | documents.CheckedFile:
    """Send a month's return as a spreadsheet of lines, or only check it: with `dry_run` nothing is
    stored, and the answer is the return that would be sent. The receipt is for the JSON that the
    file means."""
    refusals.accept(dependencies.throttle.admit(who.client))
    if wait_seconds := dependencies.files.spend(who.client):
        refusals.accept(Refusal("too_many_requests", math.ceil(wait_seconds)))
    key = desk.read_key([k.encode("latin-1") for k in request.headers.getlist(desk.KEY_HEADER)])
    body, own = await _read_parts(request)
    month = await find_month(who, dependencies, query.contract, query.period)
    book = await reading.read_aside(body)
    if isinstance(book, tables.Unreadable):
        raise refusals.unreadable_file(book)
    if own is None and not query.dry_run:
        own = {"revision": month.revision + 1}
    checked = await check(dependencies, month, book, own)
    if checked.judged.faults:
        raise refusals.faulty_file(checked.judged.faults)
    if query.dry_run:
        return Response(
            _checked_document(checked).model_dump_json(by_alias=True), media_type="application/json"
        )
    return await _send(dependencies, who, checked, key)


async def _send(
    dependencies: Dependencies, who: auth.Caller, checked: Checked, key: str | faults.Fault | None
) -> Response:
    """The return of a file without faults, sent like any other."""
    assert who.party_id is not None, "a supplier's token has a party"
    sender = desk.Sender(who.party_id, who.authority_id, "http")
    post = await desk.read(checked.judged.body, key, sender)
    try:
        decision = await dependencies.committer.submit(post)
    except group_commit.FullError:
        raise refusals.full() from None
    except group_commit.BrokenError:
        raise problems.unavailable() from None
    if isinstance(decision, admission.Refused):
        raise refusals.faulty(decision)
    return receipts.respond(decision.issued, is_new=isinstance(decision, admission.Accepted))


async def _read_parts(request: Request) -> tuple[bytes, dict[str, Any] | None]:
    """The file; and the return's own fields, if they came with it."""
    if not request.headers.get("content-type", "").startswith(MULTIPART):
        return await request.body(), None
    async with request.form(max_files=1, max_fields=1, max_part_size=PART_BYTES_MAX) as form:
        file, own = form.get(FILE_PART), form.get(RETURN_PART)
        if not isinstance(file, UploadFile):
            raise refusals.file_missing(FILE_PART)
        body = await file.read()
    return body, None if own is None else _own(str(own))


PART_BYTES_MAX: Final = 64 * 1024
"""Of the return's own fields."""


def _own(text: str) -> dict[str, Any]:
    document = json_documents.read(text.encode())
    if isinstance(document, json_documents.Document) and not document.left_out:
        own = document.value
        if isinstance(own, dict) and own.keys() <= OWN_FIELDS:
            return own
    raise refusals.own_fields_unreadable(RETURN_PART, sorted(OWN_FIELDS))


def _checked_document(checked: Checked) -> documents.CheckedFile:
    judged, promises = checked.judged, checked.month.promises
    now, before = totals(judged.content.lines), totals(checked.before)
    counts = dict.fromkeys(promises, 0)
    for line in judged.content.lines:
        counts[line["commitment_id"]] = counts.get(line["commitment_id"], 0) + 1
    return documents.CheckedFile(
        **{"return": msgspec.json.decode(judged.body)},
        totals=[
            documents.FileTotal(
                commitment_id=name,
                lines=counts[name],
                unit=measure.unit if measure else None,
                quantity=format(now.get(name, Decimal(0)), "f"),
                quantity_before=format(before.get(name, Decimal(0)), "f"),
                answered=name in judged.content.answers,
            )
            for name, measure in promises.items()
        ],
        notes=list(judged.filled.notes),
    )
