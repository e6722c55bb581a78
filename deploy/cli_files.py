"""The commands `makegood submit` and `makegood import-contracts`: a file, to a service, from
outside.

The service's address and the token come from MAKEGOOD_URL and MAKEGOOD_TOKEN, or from the stack
that runs in this checkout.
"""

from __future__ import annotations

import collections
import json
import os
import typing
from pathlib import Path
from typing import Annotated, Any, Final

import rich.console
import rich.table
import rich.text
import typer

from deploy.local import STATE

if typing.TYPE_CHECKING:
    import httpx

SECONDS_MAX: Final = 60

console = rich.console.Console()

_File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file to send.")]


def submit(file: _File) -> None:
    """Send a return (JSON) to intake; prints the receipt, or every fault of it."""
    answer = _post("intake", "supplier", "/api/v1/returns", file)
    if not answer.is_success:
        _refused(answer)
    receipt = answer.json()
    word = "Accepted" if answer.status_code == 201 else "The same as before"
    console.print(f"[green]✓[/] {word}: receipt {receipt['receipt_no']}")
    for name in ("contract_id", "period", "revision", "return_id", "received_at", "merge_by"):
        console.print(f"  {name:<12} {receipt[name]}", highlight=False)
    console.print(f"  {'sha256':<12} {receipt['sha256']}", highlight=False, soft_wrap=True)


def import_contracts(
    file: _File,
    commit: Annotated[
        bool, typer.Option(help="Do it; otherwise only say what it would do.")
    ] = False,
    authority: Annotated[
        str, typer.Option(envvar="MAKEGOOD_AUTHORITY", help="Whose contracts they are.")
    ] = "GB-LAE-KWL",
) -> None:
    """Import contracts from OCDS releases: a package, or JSON lines."""
    query = {"authority": authority, "commit": str(commit).lower()}
    answer = _post("verification", "manager", "/api/v1/contracts/import", file, query)
    if not answer.is_success:
        _refused(answer)
    _print_summary(answer.json())
    if not commit:
        console.print("Nothing was stored. Say --commit to do it.")


def _print_summary(summary: dict[str, Any]) -> None:
    """What an import did, or would do: counts, then each release that was left out, and why."""
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
    import httpx

    url, token = os.environ.get("MAKEGOOD_URL"), os.environ.get("MAKEGOOD_TOKEN")
    if not (url and token):
        running = _running()
        url = url or running["services"][service]["url"]
        token = token or running["tokens"].get(role)
    if not token:
        _fail("No token: set MAKEGOOD_TOKEN, or run `make demo`, which signs in.")
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    try:
        return httpx.post(
            f"{url}{path}",
            params=query,
            content=file.read_bytes(),
            headers=headers,
            timeout=SECONDS_MAX,
        )
    except httpx.TransportError as error:
        _fail(f"{url} does not answer: {error}")


def _running() -> dict[str, Any]:
    described = STATE / "stack.json"
    if not described.exists():
        _fail("Nothing runs here: start `make demo`, or set MAKEGOOD_URL and MAKEGOOD_TOKEN.")
    found: dict[str, Any] = json.loads(described.read_text())
    return found


def _refused(answer: httpx.Response) -> typing.NoReturn:
    """Prints a problem document: every fault with its place and the way out."""
    try:
        problem = answer.json()
    except ValueError:
        _fail(f"{answer.status_code}: {answer.text[:500]}")
    faults = problem.get("errors", [])
    console.print(f"[red]✗[/] {problem['title']} ({answer.status_code})", highlight=False)
    if problem.get("detail"):
        console.print(problem["detail"], highlight=False, markup=False)
    print_faults(console, faults)
    raise typer.Exit(1)


def print_faults(to: rich.console.Console, faults: list[dict[str, Any]]) -> None:
    """Every fault of a refusal in a table: where, what was found, the rule, what to do."""
    table = rich.table.Table("where", "found", "rule", "what is wrong", "what to do", expand=True)
    for fault in faults:
        where = fault.get("pointer") or fault.get("parameter") or "all of it"
        cells = (where, fault.get("value"), fault["rule"], fault["message"], fault.get("fix"))
        table.add_row(*(rich.text.Text(cell or "") for cell in cells))
    if faults:
        to.print(table)


def _fail(words: str) -> typing.NoReturn:
    console.print("[red]✗[/]", rich.text.Text(words), soft_wrap=True)
    raise typer.Exit(1)
