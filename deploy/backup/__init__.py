"""Backups of the local stack: its database, the ledger's object store, and the keys."""


class RefusedError(Exception):
    """A backup cannot be made or restored. The text says why, and what to do about it."""
