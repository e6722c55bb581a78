"""The commands `makegood export` and `makegood verify`: they download the log and check it offline.

`verify` opens no connection and no database. It trusts only the log's public key. Give it the key
that you noted earlier or got from someone else: the key in the file proves only that the file
agrees with itself.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import rich.text
import typer

from deploy import client, verify_report
from deploy.client import console
from shared import command_line, progress

if typing.TYPE_CHECKING:
    from services.ledger.audit import audit
    from services.ledger.domain.log import notes

SMALL_BYTES_MAX: Final = 16_000_000
"""Of a checkpoint, a receipt, a proof or an entry: an entry with its event has at most 11 MB."""


def verify(  # noqa: PLR0913 - an option is a parameter
    pack: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An export.")],
    *,
    key: Annotated[
        str | None,
        typer.Option(envvar="MAKEGOOD_LOG_KEY", help="The log's verifier key, as you know it."),
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="An earlier export or checkpoint of this log. Shows what was added since.",
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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Check an export of the log offline.

    That nothing was changed and nothing was left out. It needs no service, no token and no network.
    """
    receipts = receipt or []
    try:
        promises = [_promise(path, receipt_key) for path in receipts]
        outcome = _audit(pack, key, since, promises, is_quiet=as_json)
        if receipts and receipt_key is None:
            outcome = dataclasses.replace(outcome, receipt_key=_public_key(receipts[0]))
    except (ValueError, OSError) as error:
        refuse(sentence(error), as_json=as_json)
    if as_json:
        typer.echo(json.dumps(verify_report.document(outcome), indent=2))
    else:
        verify_report.show(outcome)
    raise typer.Exit(0 if outcome.report.holds else 1)


def _audit(
    pack: Path,
    given: str | None,
    since: Path | None,
    promises: list[audit.Promise],
    *,
    is_quiet: bool,
) -> verify_report.Outcome:
    """Reads and checks the file. Raises ValueError and OSError."""
    from services.ledger.audit import additions, audit, export

    bar = progress.bar(is_bytes=True)
    bar.disable = bar.disable or is_quiet
    task = bar.add_task("reading", total=pack.stat().st_size)
    with _in(pack):
        read = export.read(pack, lambda count: bar.advance(task, count))
    key = trusted(given, read.verifier_key, pack)
    if read.origin != key.name:  # a log is signed by the key of its name
        raise ValueError(
            f"{pack}, line 1: this export is of a different log, {read.origin!r}; the key is that "
            f"of {key.name}"
        )
    if given is None and not is_quiet:
        verify_report.show_key(read.verifier_key)
    earlier = None if since is None else _earlier(since, key)
    added = None if earlier is None else additions.Additions(earlier.size)
    with _in(pack), bar:
        watched = read.export if added is None else added.watch(read.export)
        report = audit.check(watched, key, origin=key.name, since=earlier, promises=promises)
    return verify_report.Outcome(
        origin=key.name,
        key=key.encode(),
        is_key_given=given is not None,
        report=report,
        added=added,
        receipt_key=None,
    )


def trusted(given: str | None, own: str, pack: Path) -> notes.VerifierKey:
    """The key that was given, else the file's own. Raises ValueError."""
    from services.ledger.domain.log import notes

    place = f"{pack}, line 1, verifier_key" if given is None else "--key"
    try:
        return notes.parse_verifier_key(own if given is None else given.strip())
    except ValueError as error:
        what = "A key is written name+id+base64, as `GET /api/v1/log` shows it"
        raise ValueError(f"{place}: {error}. {what}") from None


@contextlib.contextmanager
def _in(path: Path) -> Iterator[None]:
    """Names the file in what is wrong with it, and what to do."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{path}, {error}. {_advice(path, str(error))}") from None


def _advice(path: Path, error: str) -> str:
    """What to do about a file that is no whole export."""
    with path.open("rb") as file:
        beginning = file.read(100)
    if beginning.startswith(b"c2sp.org/tlog-proof@"):
        return "It is a proof file: check it with `makegood verify-proof`"
    if "cut off" in error:
        return "Download it again with `makegood export`"
    if b"\n\n\xe2\x80\x94 " in beginning:
        return "It is a checkpoint: give it with --since"
    return "Give the file that `makegood export` wrote"


def read_small(path: Path) -> bytes:
    """A file that cannot be large. Raises ValueError and OSError."""
    with path.open("rb") as file:
        content = file.read(SMALL_BYTES_MAX + 1)
    if len(content) > SMALL_BYTES_MAX:
        raise ValueError(f"{path}: it has more than {SMALL_BYTES_MAX:,} bytes, which is too many")
    return content


def sentence(error: Exception) -> str:
    """What is wrong, as a sentence that names the place."""
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'} cannot be read: {error.strerror or error}."
    return f"{str(error).rstrip('.')}."


def refuse(words: str, *, as_json: bool) -> typing.NoReturn:
    """Ends the command, which cannot go on."""
    if not as_json:
        command_line.fail(verify_report.plain(words))
    typer.echo(json.dumps({"holds": False, "error": words}, indent=2))
    raise typer.Exit(1)


def _earlier(path: Path, key: notes.VerifierKey) -> notes.Checkpoint:
    """The checkpoint in a file: a signed note, or an export. Raises ValueError and OSError."""
    from services.ledger.audit import export
    from services.ledger.domain.log import notes

    with path.open("rb") as file:
        is_export = file.read(1) == b"{"
    try:
        note = export.read(path).export.checkpoint if is_export else read_small(path).decode()
        return notes.open_checkpoint(note, key, origin=key.name)
    except UnicodeDecodeError:
        what = "this is neither an export nor a checkpoint"
    except ValueError as error:
        what = str(error)
    raise ValueError(f"{path}: {what}. Give an earlier export or checkpoint of this log")


def _promise(path: Path, receipt_key: str | None) -> audit.Promise:
    """What a receipt promises, if intake signed it. Raises ValueError and OSError."""
    from datetime import UTC, datetime

    from services.intake.domain import receipts
    from services.ledger.audit import audit

    try:
        key = base64.b64decode(receipt_key or _public_key(path), validate=True)
        found = receipts.verify(_json(path), key).receipt
    except ValueError as error:  # also what is no receipt, no JSON, no base64
        raise ValueError(f"{path}: {error}. Give a receipt as intake answered it") from None
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
    """The key that a receipt names. Raises ValueError and OSError."""
    try:
        return str(_json(path)["public_key"])
    except (TypeError, KeyError):
        raise ValueError("this is not a receipt") from None


def _json(path: Path) -> Any:
    try:
        return json.loads(read_small(path))
    except RecursionError:
        raise ValueError("this is not a receipt") from None


def export(
    to: Annotated[Path, typer.Argument(dir_okay=False, help="The file to write.")] = Path(
        "makegood-export.jsonl"
    ),
) -> None:
    """Download all of the log that you may see.

    `makegood verify` checks it anywhere. The file is only its owner's to read.

    Needs the token of an auditor, in MAKEGOOD_TOKEN or of the system that runs here; and the
    ledger, at MAKEGOOD_URL or as stack.json says.
    """
    import httpx

    ledger = client.find("ledger", "auditor")
    draft = to.with_name(f".{to.name}.part")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)  # it has what only its auditor may see
    try:
        with (
            client.reached(ledger),
            progress.shown("downloading", None, is_bytes=True) as advance,
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
                client.json_of(answer, ledger)
            for piece in answer.iter_bytes():
                file.write(piece)
                advance(len(piece))
        draft.replace(to)
    finally:
        draft.unlink(missing_ok=True)
    words = rich.text.Text(f"{to}. To check it: makegood verify {to}")
    console.print("[green]✓[/]", words, soft_wrap=True)
