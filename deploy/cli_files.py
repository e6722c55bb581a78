"""The commands `makegood submit` and `makegood import-contracts`: they send a file to a service."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Final, NamedTuple

import typer

from deploy import client, import_summary
from deploy.client import console

if typing.TYPE_CHECKING:
    import httpx

PIECE_BYTES: Final = 64 * 1024
IMPORT_SECONDS_MAX: Final = 1800
"""Longest wait for the answer to an import: it comes when all of the file was stored."""

_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file to send.")]


def submit(file: _File) -> None:
    """Send a return (JSON) to intake and print its receipt, or everything that is wrong with it."""
    answer = _post(_RETURNS, file)
    receipt = answer.json()
    word = "Accepted" if answer.status_code == 201 else "The same as before"
    console.print(f"[green]✓[/] {word}: receipt {receipt['receipt_no']}")
    for name in ("contract_id", "period", "revision", "return_id", "received_at", "merge_by"):
        console.print(f"  {name:<12} {receipt[name]}", highlight=False)
    console.print(f"  {'sha256':<12} {receipt['sha256']}", highlight=False, soft_wrap=True)


def import_contracts(
    file: _File,
    commit: Annotated[
        bool, typer.Option(help="Store the contracts; without it, only show what would be stored.")
    ] = False,
    authority: Annotated[
        str,
        typer.Option(
            envvar="MAKEGOOD_AUTHORITY", help="The authority that monitors them, by org-id."
        ),
    ] = "GB-LAE-KWL",
) -> None:
    """Import contracts from OCDS releases: a release package, or JSON Lines."""
    from services.verification.register import releases

    if file.stat().st_size > releases.BODY_BYTES_MAX:
        client.fail(f"{file} has more than {releases.BODY_BYTES_MAX >> 20} MB: send it in parts.")
    query = {"authority": authority, "commit": str(commit).lower()}
    answer = _post(_IMPORT, file, query, IMPORT_SECONDS_MAX)
    import_summary.show(console, answer.json())
    if not commit:
        console.print("Nothing was stored. Add --commit to store it.")


class _Door(NamedTuple):
    """Where a file is sent, and who sends it."""

    service: str
    role: str
    path: str


_RETURNS: Final = _Door("intake", "supplier", "/api/v1/returns")
_IMPORT: Final = _Door("verification", "manager", "/api/v1/contracts/import")


def _post(
    door: _Door,
    file: Path,
    query: dict[str, str] | None = None,
    seconds_max: int = client.SECONDS_MAX,
) -> httpx.Response:
    """The service's answer to the file. Ends the command if there is none, or it is a refusal."""
    import httpx

    endpoint = client.find(door.service, door.role)
    try:
        size = file.stat().st_size
        with file.open("rb") as content, client.progress(size) as advance:
            answer = httpx.post(
                f"{endpoint.url}{door.path}",
                params=query,
                content=_pieces(content, advance),
                headers=endpoint.headers
                | {"content-type": "application/json", "content-length": str(size)},
                timeout=httpx.Timeout(client.SECONDS_MAX, read=seconds_max),
            )
    except httpx.TransportError as error:
        client.fail(f"{endpoint.url} does not answer: {error}")
    except OSError as error:
        client.fail(f"{file} cannot be read: {error.strerror}.")
    if not answer.is_success:
        client.refused(answer)
    return answer


def _pieces(content: BinaryIO, advance: Callable[[int], None]) -> Iterator[bytes]:
    """The file, piece by piece, so that any size fits into memory."""
    while piece := content.read(PIECE_BYTES):
        advance(len(piece))
        yield piece
