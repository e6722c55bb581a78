"""The command line of `makegood` and of every service: one style of help, and errors in words.

Promises: whatever goes wrong, the user reads one sentence about it and what to do, on standard
error, and the exit code is not 0. Nobody sees a traceback who has not asked for one. `--help`
needs no setting, and what it prints fits into 80 columns.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import sys
import traceback
import urllib.parse
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import typer

from shared import interrupts

if TYPE_CHECKING:
    from shared.settings import Settings

TRACEBACK: Final = "MAKEGOOD_TRACEBACK"
"""The variable that asks for the traceback of a fault in the program."""
INTERRUPTED: Final = 130
"""The exit code after Ctrl-C."""
_REMEDIES: Final = {
    errno.ENOSPC: "Free some space there",
    errno.EDQUOT: "Free some space there",
    errno.EACCES: "Get the right to do this",
    errno.EPERM: "Get the right to do this",
    errno.EROFS: "Choose a folder that can be written",
    errno.ENOENT: "Check the path",
    errno.ENOTDIR: "Check the path",
    errno.EISDIR: "Name a file, not a folder",
    errno.EMFILE: "Raise the limit of open files (ulimit -n)",
}
"""What to do about a failure of the system."""


class CannotGoOn(Exception):  # noqa: N818 - reads as a sentence: "raise CannotGoOn"
    """The command cannot go on. The text says why, and what to do about it."""


class CommandLine(typer.Typer):
    """A program with commands. Calling it runs the one that was asked for, and ends the process."""

    def __init__(self, about: str) -> None:
        super().__init__(
            no_args_is_help=True,
            add_completion=False,
            rich_markup_mode=None,  # plain help shows flags as flags, and cuts nothing
            pretty_exceptions_enable=False,
            help=about,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(AttributeError, ValueError):  # it was replaced or closed
                stream.reconfigure(errors="replace")  # type: ignore[union-attr]
        try:
            try:
                typer.main.get_command(self)(*args, **kwargs)
            finally:
                sys.stdout.flush()
        except SystemExit as end:
            if end.code == INTERRUPTED:
                print(interrupts.WORDS, file=sys.stderr)
            raise
        except Exception as error:
            if os.environ.get(TRACEBACK):
                traceback.print_exc()
            say(explain(error))
            sys.exit(1)


def say(words: str) -> None:
    """Prints a sentence about what went wrong to standard error."""
    with contextlib.suppress(OSError):  # nobody can be told
        print(f"✗ {words}", file=sys.stderr, flush=True)


def fail(words: str) -> NoReturn:
    """Prints a sentence about what went wrong, and ends the command with exit code 1."""
    say(words)
    raise typer.Exit(1)


def explain(error: Exception) -> str:
    """What went wrong, and what to do about it."""
    from shared import keys, settings, sql

    if isinstance(error, CannotGoOn | settings.WrongSettingsError):
        return str(error)
    if isinstance(error, keys.WrongKeyError | sql.ChangedMigrationError):
        return f"{error}."
    if isinstance(error, OSError) and error.strerror:
        return explain_system(error)
    return (
        f"This is a fault in Makegood: {type(error).__name__}: {error}. "
        f"Please report it, with what is printed when {TRACEBACK}=1 is set."
    )


def explain_system(error: OSError) -> str:
    """What the operating system refused, and what to do about it."""
    place = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
    remedy = _REMEDIES.get(error.errno or 0, "Put that right")
    return f"{place}{error.strerror}. {remedy}, then run the command again."


Result = TypeVar("Result")


def run(settings: Settings, work: Coroutine[Any, Any, Result]) -> Result:
    """Runs what a command does to its end. Raises CannotGoOn where a server, a key or a table that
    the settings name cannot be used."""
    import asyncpg
    from aiokafka.errors import KafkaError

    from shared import sql

    for noisy in ("aiokafka", "asyncio"):  # they tell each attempt; the sentence tells the outcome
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    database, broker = address(settings), settings.kafka_bootstrap_servers
    try:
        return asyncio.run(work)
    except KafkaError as error:
        why = str(error) or type(error).__name__
        raise CannotGoOn(
            f"Kafka at {broker} cannot be used: {why}. Check KAFKA_BOOTSTRAP_SERVERS, and "
            "whether it runs."
        ) from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise CannotGoOn(
            f"PostgreSQL at {database} lets nobody in with this user and password. Check "
            "DATABASE_URL."
        ) from error
    except asyncpg.InvalidCatalogNameError as error:
        raise CannotGoOn(
            f"PostgreSQL at {database} has no such database. Check DATABASE_URL, or create it."
        ) from error
    except (  # no table, no schema, no role
        asyncpg.UndefinedTableError,
        asyncpg.UndefinedColumnError,
        asyncpg.InvalidSchemaNameError,
        asyncpg.InvalidParameterValueError,
    ) as error:
        raise CannotGoOn(
            f"PostgreSQL at {database} has not the tables of this version: {error}. Run the "
            "service's command `migrate` first."
        ) from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise CannotGoOn(
            f"PostgreSQL at {database} refuses: {error}. Use a user that may do this."
        ) from error
    except sql.BROKEN as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise CannotGoOn(explain_system(error)) from error
        why = str(error) or "it took too long"
        raise CannotGoOn(
            f"PostgreSQL at {database} does not answer: {why}. Check DATABASE_URL, and whether "
            "it runs."
        ) from error


def address(settings: Settings) -> str:
    """Where the database of these settings is, without user and password."""
    found = urllib.parse.urlsplit(settings.database_url.get_secret_value())
    return f"{found.netloc.rpartition('@')[2] or 'its socket'}{found.path}"
