"""The object store: files in a folder, each of which appears whole or not at all.

Promises: what was written survives a loss of power. `create` never replaces a file, not even if two
processes try at once. It uses no library, so that local files are flushed to disk.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple


class _Draft(NamedTuple):
    file: Path
    descriptor: int


class Objects:
    """Paths are relative to the folder, with `/` between their parts. All methods block: call them
    in a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: set[str] = set()
        """Folders that were flushed, with all folders above them: their names survive."""

    def create(self, files: Mapping[str, bytes]) -> set[str]:
        """Writes the files that do not exist yet, and returns their paths. The others stay as they
        are."""
        new = {path: text for path, text in files.items() if not (self.folder / path).exists()}
        drafts = self._draft(new)
        created = set()
        for path, draft in drafts.items():
            try:
                os.link(draft, self.folder / path)
                created.add(path)
            except FileExistsError:
                pass
            draft.unlink()
        self._flush_folders(drafts)
        return created

    def put(self, path: str, content: bytes) -> None:
        """Writes a file, or replaces it."""
        drafts = self._draft({path: content})
        drafts[path].replace(self.folder / path)
        self._flush_folders(drafts)

    def read(self, path: str) -> bytes | None:
        """The content of a file; None if it does not exist."""
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            return None

    def names(self, path: str) -> list[str]:
        """The sorted names directly under `path`, without drafts that a kill left behind."""
        try:
            return sorted(name for name in os.listdir(self.folder / path) if name[0] != ".")
        except FileNotFoundError:
            return []

    def remove(self, path: str) -> None:
        """Removes the folder `path` and its files."""
        folder = self.folder / path
        if folder.exists():
            for file in folder.iterdir():
                file.unlink(missing_ok=True)
            folder.rmdir()
            self._kept.discard(path)

    def remove_files(self, paths: Iterable[str]) -> None:
        """Removes these files, as far as they exist."""
        for path in paths:
            (self.folder / path).unlink(missing_ok=True)

    def _draft(self, files: Mapping[str, bytes]) -> dict[str, Path]:
        """Writes the files to disk under other names. All are written before the first is flushed:
        to flush many files together takes a fraction of the time."""
        drafts: dict[str, _Draft] = {}
        mark = secrets.token_hex(4)
        try:
            for path, content in files.items():
                target = self.folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                draft = target.with_name(f".{target.name}.{mark}")
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
                drafts[path] = _Draft(draft, descriptor)
                with os.fdopen(descriptor, "wb", closefd=False) as file:
                    file.write(content)
            for each in drafts.values():
                os.fsync(each.descriptor)
        finally:
            for each in drafts.values():
                os.close(each.descriptor)
        return {path: each.file for path, each in drafts.items()}

    def _flush_folders(self, paths: Iterable[str]) -> None:
        """Flushes the folder of each path. If it may be new, also the folders above it, up to one
        that was flushed before."""
        folders: set[str] = set()
        for path in paths:
            folder = path.rpartition("/")[0]
            folders.add(folder)
            while folder and folder not in self._kept:
                folder = folder.rpartition("/")[0]
                folders.add(folder)
        for folder in folders:
            descriptor = os.open(self.folder / folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._kept |= folders
