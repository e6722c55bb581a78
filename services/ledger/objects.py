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
        self._flush_folders(drafts.values())
        return created

    def put(self, path: str, content: bytes) -> None:
        """Writes, in place of what may be there."""
        drafts = self._draft({path: content})
        drafts[path].replace(self.folder / path)
        self._flush_folders(drafts.values())

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

    def _draft(self, files: Mapping[str, bytes]) -> dict[str, Path]:
        """Everything on the disk under names of its own: written first, then flushed, since many
        files are flushed together in a fraction of the time."""
        opened: dict[str, tuple[Path, int]] = {}
        try:
            for path, content in files.items():
                target = self.folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
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

    def _flush_folders(self, drafts: Iterable[Path]) -> None:
        """Each folder, and those above it that may be new."""
        folders = {draft.parent for draft in drafts}
        for folder in folders | {above for each in folders for above in self._above(each)}:
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _above(self, folder: Path) -> list[Path]:
        return [above for above in folder.parents if above.is_relative_to(self.folder)]
