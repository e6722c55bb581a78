"""The object store: files under a folder, each of which appears whole or not at all.

Promises: what was written survives a loss of power; `create` never replaces what is there, also
when two processes try at once. A folder and not a library: the one that the design names for S3
does not flush local files.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path


class Objects:
    """Paths are relative, with `/` between their parts. Blocks: call it from a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: set[str] = set()
        """Folders that were flushed with all above them: their names survive."""

    def create(self, files: Mapping[str, bytes]) -> set[str]:
        """Writes what is not there yet; which that was. What is there stays as it is."""
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
        """Writes, in place of what may be there."""
        drafts = self._draft({path: content})
        drafts[path].replace(self.folder / path)
        self._flush_folders(drafts)

    def read(self, path: str) -> bytes | None:
        """None where there is nothing."""
        try:
            return (self.folder / path).read_bytes()
        except FileNotFoundError:
            return None

    def names(self, path: str) -> list[str]:
        """What lies directly under `path`, in order; drafts that a kill left behind are nothing."""
        try:
            return sorted(name for name in os.listdir(self.folder / path) if name[0] != ".")
        except FileNotFoundError:
            return []

    def remove(self, path: str) -> None:
        """Removes the files directly under `path`, and the folder that they lay in."""
        folder = self.folder / path
        if folder.exists():
            for file in folder.iterdir():
                file.unlink(missing_ok=True)
            folder.rmdir()
            self._kept.discard(path)

    def remove_files(self, paths: Iterable[str]) -> None:
        """Removes those of these files that are there."""
        for path in paths:
            (self.folder / path).unlink(missing_ok=True)

    def _draft(self, files: Mapping[str, bytes]) -> dict[str, Path]:
        """Everything on the disk under names of its own: written first, then flushed, since many
        files are flushed together in a fraction of the time."""
        opened: dict[str, tuple[Path, int]] = {}
        mark = secrets.token_hex(4)
        try:
            for path, content in files.items():
                target = self.folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                draft = target.with_name(f".{target.name}.{mark}")
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
                opened[path] = draft, descriptor
                with os.fdopen(descriptor, "wb", closefd=False) as file:
                    file.write(content)
            for _, descriptor in opened.values():
                os.fsync(descriptor)
        finally:
            for _, descriptor in opened.values():
                os.close(descriptor)
        return {path: draft for path, (draft, _) in opened.items()}

    def _flush_folders(self, paths: Iterable[str]) -> None:
        """The folder of each path, and above one that may be new all up to one that is kept."""
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
