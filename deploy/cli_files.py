"""The commands `makegood submit` and `makegood import-contracts`: they send a file to a service."""

from __future__ import annotations

import collections
import typing
from pathlib import Path
from typing import Annotated, Any

import rich.text
import typer

from deploy import client
from deploy.client import console

if typing.TYPE_CHECKING:
    import httpx

_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file to send.")]


def submit(file: _File) -> None:
    """Send a return (JSON) to intake and print its receipt, or everything that is wrong with it."""
    answer = _post("intake", "supplier", "/api/v1/returns", file)
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
    query = {"authority": authority, "commit": str(commit).lower()}
    answer = _post("verification", "manager", "/api/v1/contracts/import", file, query)
    _print_summary(answer.json())
    if not commit:
        console.print("Nothing was stored. Add --commit to store it.")


def _print_summary(summary: dict[str, Any]) -> None:
    """What the import did or would do: counts, then how many releases were left out, by reason."""
    counts = {"releases": summary["releases"]} | {
        f"contracts {name}": count for name, count in summary["contracts"].items()
    }
    counts |= {name: summary[name] for name in ("drafts", "needs_structuring")}
    for name, count in counts.items():
        console.print(f"  {name.replace('_', ' '):<20} {count:>5}", highlight=False)
    for title in ("skipped", "faults"):
        reasons = collections.Counter(each["reason"] for each in summary[title])
        console.print(f"  {title:<20} {len(summary[title]):>5}", highlight=False)
        for reason, count in reasons.most_common():
            console.print("    ", rich.text.Text(f"{count:>5}  {reason}"))


def _post(
    service: str, role: str, path: str, file: Path, query: dict[str, str] | None = None
) -> httpx.Response:
    """The service's answer to the file. Ends the command if there is none, or it is a refusal."""
    import httpx

    endpoint = client.find(service, role)
    try:
        answer = httpx.post(
            f"{endpoint.url}{path}",
            params=query,
            content=file.read_bytes(),
            headers=endpoint.headers | {"content-type": "application/json"},
            timeout=client.SECONDS_MAX,
        )
    except httpx.TransportError as error:
        client.fail(f"{endpoint.url} does not answer: {error}")
    if not answer.is_success:
        client.refused(answer)
    return answer
