"""Secrets on disk: created once, readable by their owner only, never logged."""

from __future__ import annotations

import os
from pathlib import Path


class WrongKeyError(ValueError):
    """A file is not the key that it should be. The text says what to do."""


def load(path: Path, length: int = 32) -> bytes | None:
    """The secret in `path`; None if there is no file. Raises WrongKeyError if the file does not
    have `length` bytes."""
    return load_or_create(path, length) if path.exists() else None


def load_or_create(path: Path, length: int = 32) -> bytes:
    """The secret in `path`; if there is no file yet, `length` random bytes are stored there.

    Two processes that start at the same time get the same secret: the file appears whole or not at
    all. Raises WrongKeyError if the file does not have `length` bytes.
    """
    try:
        secret = path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(length))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        secret = path.read_bytes()
    if len(secret) != length:
        raise WrongKeyError(f"{path} has {len(secret)} bytes instead of {length}: restore the key")
    return secret
