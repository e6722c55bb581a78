"""The commands `makegood export` and `makegood verify`: download the log, and check it offline.

`verify` opens no connection and no database. It trusts only the log's public key. Give it the key
that you noted earlier or got from someone else: the key in the file proves only that the file
agrees with itself.
"""

from __future__ import annotations

import base64
import json
import typing
from pathlib import Path
from typing import Annotated, Final

import rich.progress
import rich.text
import typer

from deploy import client
from deploy.client import console

if typing.TYPE_CHECKING:
    from services.ledger.audit import audit
    from services.ledger.domain.log import notes

FAILURES_SHOWN_MAX: Final = 20
"""Of each check. The others are only counted."""

_PROVED: Final = {
    "checkpoint": "The log {origin} signed {size} entries with the trusted key.",
    "leaves": "{checked} entries are exactly those that were signed; each event is there once.",
    "contracts": "{checked} contracts: the entries of each are numbered without a gap and chained.",
    "sources": "{checked} partitions: all that was read is an entry, or listed with a reason.",
    "payloads": "{checked} events are those that their entries committed to.",
    "since": "These entries begin with all {checked} of the earlier checkpoint.",
    "receipts": "{checked} receipts were issued by intake, and what is due of them is here.",
}


def verify(
    pack: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An export.")],
    key: Annotated[
        str | None,
        typer.Option(envvar="MAKEGOOD_LOG_KEY", help="The log's verifier key, as you know it."),
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="An earlier export or checkpoint of this log."
        ),
    ] = None,
    receipt: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, help="A receipt that must have its entry. May be repeated."
        ),
    ] = None,
    receipt_key: Annotated[
        str | None,
        typer.Option(envvar="MAKEGOOD_RECEIPT_KEY", help="Intake's public key, as you know it."),
    ] = None,
) -> None:
    """Check an export of the log offline: that nothing was changed and nothing was left out."""
    from services.ledger.audit import audit, export
    from services.ledger.domain.log import notes

    promises = [_promise(path, receipt_key) for path in receipt or ()]
    columns = (*rich.progress.Progress.get_default_columns(), rich.progress.DownloadColumn())
    bar = rich.progress.Progress(*columns, console=console, transient=True)
    try:
        with bar:
            task = bar.add_task("reading", total=pack.stat().st_size)
            read = export.read(pack, lambda count: bar.advance(task, count))
            trusted = notes.parse_verifier_key(key or read.verifier_key)
            if read.origin != trusted.name:  # a log is signed by the key of its name
                client.fail(
                    f"This export is of a different log, {read.origin!r}; the key is that of "
                    f"{trusted.name}."
                )
            report = audit.check(
                read.export,
                trusted,
                origin=trusted.name,
                since=None if since is None else _earlier(since, trusted),
                promises=promises,
            )
    except ValueError as error:
        client.fail(str(error))
    _print(report, trusted.name)
    if key is None:
        words = "The key was taken from the file. Compare it with the key that you know:"
        console.print(words, rich.text.Text(read.verifier_key), soft_wrap=True)
    if receipt and receipt_key is None:
        words = "The receipts were checked with the key in them. Compare it with intake's:"
        console.print(words, rich.text.Text(_public_key(receipt[0])), soft_wrap=True)
    raise typer.Exit(0 if report.holds else 1)


def _earlier(path: Path, key: notes.VerifierKey) -> notes.Checkpoint:
    """The checkpoint in a file: a signed note, or an export. Raises ValueError."""
    from services.ledger.audit import export
    from services.ledger.domain.log import notes

    with path.open("rb") as file:
        is_export = file.read(1) == b"{"
    try:
        note = export.read(path).export.checkpoint if is_export else path.read_text()
        return notes.open_checkpoint(note, key, origin=key.name)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _promise(path: Path, receipt_key: str | None) -> audit.Promise:
    """What a receipt promises, if intake signed it. Ends the command if not."""
    from datetime import UTC, datetime

    from services.intake.domain import receipts
    from services.ledger.audit import audit

    try:
        key = base64.b64decode(receipt_key or _public_key(path), validate=True)
        found = receipts.verify(json.loads(path.read_bytes()), key).receipt
    except ValueError as error:  # also what is no receipt, no JSON, no base64
        client.fail(f"{path}: {error}")
    return audit.Promise(
        type="ReturnReceived" if found.kind == "return" else "ReturnWithdrawn",
        return_id=found.return_id,
        receipt_no=found.receipt_no,
        contract_id=found.contract_id,
        party_id=found.party_id,
        period=found.period,
        revision=found.revision,
        is_due=found.merge_by.astimezone(UTC) <= datetime.now(UTC),
        merge_by=f"{found.merge_by.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
    )


def _public_key(path: Path) -> str:
    """The key that a receipt names. Raises ValueError."""
    try:
        return str(json.loads(path.read_bytes())["public_key"])
    except (TypeError, KeyError, RecursionError):
        raise ValueError("this is not a receipt") from None


def _print(report: audit.Report, origin: str) -> None:
    size = report.checkpoint.size if report.checkpoint else 0
    for check in report.checks:
        mark = "[red]✗[/]" if check.failures else "[green]✓[/]"
        words = _PROVED[check.name].format(origin=origin, size=size, checked=check.checked)
        said = f"{check.name}: wrong" if check.failures else words
        console.print(mark, rich.text.Text(said), soft_wrap=True)
        for place, what in check.waiting:
            console.print("   ", rich.text.Text(f"{place}: {what}"), soft_wrap=True)
        for place, what in check.failures[:FAILURES_SHOWN_MAX]:
            console.print("   ", rich.text.Text(f"{place}: {what}"), soft_wrap=True)
        if len(check.failures) > FAILURES_SHOWN_MAX:
            console.print(f"    and {len(check.failures) - FAILURES_SHOWN_MAX} more")


def export(
    to: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write.")] = Path(
        "makegood-export.jsonl"
    ),
) -> None:
    """Download all of the log that you may see. `makegood verify` checks it anywhere."""
    import httpx

    ledger = client.find("ledger", "auditor")
    draft = to.with_name(f".{to.name}.part")
    columns = (*rich.progress.Progress.get_default_columns(), rich.progress.DownloadColumn())
    bar = rich.progress.Progress(*columns, console=console, transient=True)
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)  # it has what only its auditor may see
    try:
        with (
            bar,
            draft.open("wb") as file,
            httpx.stream(
                "GET",
                f"{ledger.url}/api/v1/export.jsonl",
                headers=ledger.headers,
                timeout=client.SECONDS_MAX,
            ) as answer,
        ):
            if not answer.is_success:
                answer.read()
                client.fail(f"{answer.status_code}: {answer.text[:500]}")
            task = bar.add_task("downloading", total=None)
            for piece in answer.iter_bytes():
                file.write(piece)
                bar.advance(task, len(piece))
        draft.replace(to)
    except httpx.TransportError as error:
        client.fail(f"{ledger.url} did not finish its answer: {error}")
    finally:
        draft.unlink(missing_ok=True)
    console.print("[green]✓[/]", rich.text.Text(f"{to}. To check it: makegood verify {to}"))
