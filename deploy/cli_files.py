"""The commands that take a file: `makegood submit`, `import-contracts` and `load-postcodes`."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final, NamedTuple

import rich.text
import typer

from deploy import client, import_summary
from deploy.client import console
from shared.command_line import CannotGoOn

if typing.TYPE_CHECKING:
    import httpx

PIECE_BYTES: Final = 64 * 1024
IMPORT_SECONDS_MAX: Final = 1800
"""Longest wait for the answer to an import: it comes when all of the file was stored."""
AUTHORITY: Final = "GB-LAE-KWL"
"""The sample's, for a system that does not say whose it is."""

_File = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The file to send.")
]


def submit(file: _File) -> None:
    """Send a return to intake, and print its receipt.

    If it is refused, everything that is wrong with it is printed instead, in the order of the file.
    The file is JSON. The same file again gets the same receipt.

    Needs the token of a supplier, in MAKEGOOD_TOKEN or of the demo that runs here; and intake, at
    MAKEGOOD_URL or as stack.json says.
    """
    answer = _post(_RETURNS, file)
    receipt = _receipt(answer.status_code, answer.found)
    console.print(receipt[0], soft_wrap=True)
    for line in receipt[1:]:
        console.print(rich.text.Text(line), soft_wrap=True)


def _receipt(status: int, receipt: dict[str, Any]) -> list[str]:
    """A receipt in lines. Raises CannotGoOn if it is none."""
    word = "Accepted" if status == 201 else "The same as before"
    names = ("contract_id", "period", "revision", "return_id", "received_at", "merge_by", "sha256")
    try:
        lines = [f"  {name:<12} {receipt[name]}" for name in names]
        return [f"[green]✓[/] {word}: receipt {receipt['receipt_no']}", *lines]
    except KeyError as missing:
        raise CannotGoOn(
            f"The answer is no receipt: it has no {missing}. Check that MAKEGOOD_URL is intake's."
        ) from None


def import_contracts(
    file: _File,
    commit: Annotated[
        bool,
        typer.Option(
            "--commit", help="Store the contracts; without it, only show what would be stored."
        ),
    ] = False,
    authority: Annotated[
        str | None,
        typer.Option(
            envvar="MAKEGOOD_AUTHORITY",
            metavar="ORG-ID",
            help="The authority that monitors them; without it, that of the system that runs here.",
        ),
    ] = None,
) -> None:
    """Import contracts: OCDS releases, or a spreadsheet.

    The file is a release package, or has one on each line (JSON Lines); or it is XLSX or CSV, with
    the columns of the template, which the page of imports gives out. What came of everything in it
    is counted and listed; the same file again changes nothing.

    Needs the token of a manager, in MAKEGOOD_TOKEN or of the system that runs here; and
    verification, at MAKEGOOD_URL or as stack.json says.
    """
    from services.verification.register import releases

    if file.stat().st_size > releases.BODY_BYTES_MAX:
        raise CannotGoOn(
            f"{file} has more than {releases.BODY_BYTES_MAX >> 20} MB: send it in parts."
        )
    query = {"authority": authority or client.authority() or AUTHORITY}
    answer = _post(_IMPORT, file, query | {"commit": str(commit).lower()}, IMPORT_SECONDS_MAX)
    try:
        import_summary.show(console, answer.found)
    except KeyError as missing:
        raise CannotGoOn(
            f"The answer has no {missing}. Check that MAKEGOOD_URL is verification's."
        ) from None
    if not commit:
        console.print("Nothing was stored. Add --commit to store it.")
    elif any(each["fate"] in ("draft", "changed") for each in answer.found["outcomes"]):
        console.print("A draft binds nobody until it is approved: makegood approve CONTRACT")


def load_postcodes(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="The edition, as CSV."),
    ],
    edition: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Its name, if the file does not say: such as 2026-08."),
    ] = None,
) -> None:
    """Load an edition of the postcode directory.

    As the Office for National Statistics publishes it (ONSPD), or with the columns postcode,
    district, ward, introduced, terminated (YYYY-MM) and edition. All of the file is loaded, or
    nothing.

    Needs no token, but verification's database: VERIFICATION_DATABASE_URL, DATABASE_URL, or that of
    the system that runs here.
    """
    from services.verification.reference import loading
    from shared import command_line, progress

    settings = client.databases()["verification"]
    try:
        with progress.shown(file.name, file.stat().st_size, is_bytes=True) as advance:
            loaded = command_line.run(settings, loading.load(settings, file, edition, advance))
    except loading.FileRefusedError as error:
        raise CannotGoOn(f"{file}: {error}") from None
    for line in loaded.lines():
        console.print("[green]✓[/]", rich.text.Text(line), soft_wrap=True)


class _Door(NamedTuple):
    """Where a file is sent, and who sends it."""

    service: str
    role: str
    path: str


class _Answer(NamedTuple):
    """What a service has made of a file."""

    status_code: int
    found: dict[str, Any]


_RETURNS: Final = _Door("intake", "supplier", "/api/v1/returns")
_IMPORT: Final = _Door("verification", "manager", "/api/v1/contracts/import")


def _post(
    door: _Door,
    file: Path,
    query: dict[str, str] | None = None,
    seconds_max: int = client.SECONDS_MAX,
) -> _Answer:
    """The service's answer to the file. Ends the command if it is a refusal; raises CannotGoOn if
    there is none."""
    import httpx

    endpoint = client.find(door.service, door.role)
    size = file.stat().st_size
    with file.open("rb") as content, client.reached(endpoint), client.progress(size) as advance:
        answer: httpx.Response = httpx.post(
            f"{endpoint.url}{door.path}",
            params=query,
            content=_pieces(content, advance),
            headers=endpoint.headers | {"content-type": _type(file), "content-length": str(size)},
            timeout=httpx.Timeout(client.SECONDS_MAX, read=seconds_max),
        )
    return _Answer(answer.status_code, client.json_of(answer, endpoint, file))


def _type(file: Path) -> str:
    from shared.spreadsheets import writing

    types = {".xlsx": writing.XLSX, ".csv": writing.CSV}
    return types.get(file.suffix.lower(), "application/json")


def _pieces(content: BinaryIO, advance: Callable[[int], None]) -> Iterator[bytes]:
    """The file, piece by piece, so that any size fits into memory."""
    while piece := content.read(PIECE_BYTES):
        advance(len(piece))
        yield piece
