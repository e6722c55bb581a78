"""The command `makegood verify-proof`: that one entry is in the log, checked offline.

It opens no connection and no database. A proof file has no key: give the one that you noted or got
from somebody else.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Annotated, Any, Final

import rich.text
import typer

from deploy import cli_verify, verify_report
from deploy.client import console

_LEAF_HELP: Final = (
    "The entry, as `GET /api/v1/entries/{index}` answers it, or its leaf's exact bytes."
)


def verify_proof(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="A proof file, as `GET /api/v1/entries/{index}/proof` gives it.",
        ),
    ],
    *,
    leaf: Annotated[Path, typer.Option(exists=True, dir_okay=False, help=_LEAF_HELP)],
    key: Annotated[
        str | None,
        typer.Option(envvar="MAKEGOOD_LOG_KEY", help="The log's verifier key, as you know it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Check a proof of an entry offline.

    That its leaf is in the tree that was signed.
    """
    try:
        found = _verify(file, leaf, key)
    except (ValueError, OSError) as error:
        cli_verify.refuse(cli_verify.sentence(error), as_json=as_json)
    if as_json:
        typer.echo(json.dumps({"holds": True, **found}, indent=2))
        return
    said = f"Entry {found['index']} is in the log {found['origin']}, as the trusted key signed it"
    _say(f"{said} at size {found['size']}.", mark="[green]✓[/]")
    _say(found["words"])
    _say(f"leaf hash {found['leaf_hash']}")


def _verify(file: Path, leaf_file: Path, given: str | None) -> dict[str, Any]:
    """What the proof shows. Raises ValueError and OSError."""
    from services.ledger.domain.entries import words
    from services.ledger.domain.log import prooffile, verifier

    text = _text(file)
    try:
        proof = prooffile.parse(text)
    except ValueError as error:
        what = "Give the answer of `GET /api/v1/entries/{index}/proof`"
        raise ValueError(f"{file}: {error}. {what}") from None
    leaf = _leaf(leaf_file, proof.index)
    if given is None:
        raise ValueError(
            f"{file} has no key, and none was given. Give the log's verifier key with --key: the "
            "one that you noted, or have from somebody else"
        )
    key = cli_verify.trusted(given, "", file)
    try:
        checkpoint = prooffile.verify(text, leaf, key, origin=key.name)
    except ValueError as error:
        what = (
            f"Make sure that {leaf_file} is entry {proof.index} and that the key is that of the "
            "log. If they are, the entry is not what was signed: keep both files, and ask the "
            "operator of the log"
        )
        raise ValueError(f"{file}: {error}. {what}") from None
    return {
        "origin": checkpoint.origin,
        "index": proof.index,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "leaf_hash": verifier.hash_leaf(leaf).hex(),
        "words": words.of(_object(leaf)),
    }


def _text(file: Path) -> str:
    """Raises ValueError and OSError."""
    content = cli_verify.read_small(file)
    if content.startswith(b'{"kind":"makegood-export"'):
        raise ValueError(f"{file}: it is an export: check it with `makegood verify`")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{file}: it is no text, so it is no proof file") from None


def _leaf(file: Path, index: int) -> bytes:
    """A leaf's exact bytes: the file's own, or those that the API answered. Raises ValueError and
    OSError."""
    content = cli_verify.read_small(file)
    answer = _object(content)
    if "leaf_base64" not in answer:
        return content.removesuffix(b"\n")  # an editor's; a leaf never ends so
    if answer.get("index") != index:
        what = f"it is entry {answer.get('index')}, and the proof is of entry {index}"
        raise ValueError(f"{file}: {what}. Give the entry of the proof")
    try:
        return base64.b64decode(str(answer["leaf_base64"]), validate=True)
    except ValueError:
        raise ValueError(f"{file}, leaf_base64: it is not base64") from None


def _object(content: bytes) -> dict[str, Any]:
    """The JSON object in `content`; an empty one for anything else."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _say(text: str, mark: str = " ") -> None:
    console.print(mark, rich.text.Text(verify_report.plain(text)), soft_wrap=True)
