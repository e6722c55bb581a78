"""The manifest of a backup: what belongs to it, with the SHA-256 of each file.

Promises: `check` names everything that is missing, changed or does not belong, at once. No name
leads out of the backup.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

import pydantic

from deploy.backup import RefusedError, places

FORMAT: Final = 1
PIECE_BYTES: Final = 1024 * 1024
FAULTS_SHOWN_MAX: Final = 20
BYTES_MAX: Final = 512 * 1024 * 1024
"""A manifest of four million files."""

Advance = Callable[[int], None]
"""Told how many bytes were just read."""


class File(NamedTuple):
    """What a file must be."""

    sha256: str
    bytes: int


class Manifest(pydantic.BaseModel, frozen=True, extra="forbid"):
    """All that belongs to a backup."""

    format: int
    version: str
    """Of Makegood."""
    made_at: datetime
    log_size: int
    """How many entries the log had."""
    files: Mapping[str, File]

    @property
    def total_bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())


def write(folder: Path, files: Mapping[str, File], log_size: int) -> Manifest:
    """Writes the manifest of these files, which are in the folder."""
    made = Manifest(
        format=FORMAT,
        version=version("makegood"),
        made_at=datetime.now(UTC),
        log_size=log_size,
        files=dict(sorted(files.items())),
    )
    draft = folder / f".{places.MANIFEST}"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(made.model_dump(mode="json"), indent=1) + "\n")
    draft.rename(folder / places.MANIFEST)
    return made


def read(folder: Path) -> Manifest:
    """The manifest of the backup in this folder. Raises RefusedError."""
    path = folder / places.MANIFEST
    try:
        if path.stat().st_size > BYTES_MAX:
            raise RefusedError(f"{path} is too large for a manifest")
        found = Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise RefusedError(
            f"{path} is not there: this is no backup, or one that was not completed"
        ) from None
    except (OSError, ValueError) as error:
        raise RefusedError(f"{path} cannot be read: {error}") from None
    if found.format != FORMAT:
        raise RefusedError(
            f"{path} has format {found.format}; this version of Makegood knows {FORMAT}"
        )
    outside = [name for name in found.files if not _is_inside(name)]
    if outside:
        raise RefusedError(f"{path} names files outside of the backup: {outside[0]!r}")
    return found


def check(folder: Path, wanted: Manifest, advance: Advance) -> None:
    """Reads every file. Raises RefusedError, which names all that is wrong."""
    faults = []
    for name, file in wanted.files.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            faults.append(f"{name} is missing")
        elif digest(path, advance) != file:
            faults.append(f"{name} was changed")
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    spare = there - set(wanted.files) - {places.MANIFEST}
    faults += [f"{name} does not belong to it" for name in sorted(spare)]
    if faults:
        more = len(faults) - FAULTS_SHOWN_MAX
        shown = faults[:FAULTS_SHOWN_MAX] + ([f"{more} more"] if more > 0 else [])
        raise RefusedError(f"the backup in {folder} is not what was made:\n  " + "\n  ".join(shown))


def copy(source: Path, target: Path, advance: Advance) -> File:
    """Copies a file; the copy is for its owner alone, and on the disk when this returns."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    summed, size = hashlib.sha256(), 0
    with source.open("rb") as old:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as new:
            while piece := old.read(PIECE_BYTES):
                new.write(piece)
                summed.update(piece)
                size += len(piece)
                advance(len(piece))
            new.flush()
            os.fsync(new.fileno())
    return File(summed.hexdigest(), size)


def digest(path: Path, advance: Advance) -> File:
    """What a file is."""
    summed, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            summed.update(piece)
            size += len(piece)
            advance(len(piece))
    return File(summed.hexdigest(), size)


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and str(path) == name
