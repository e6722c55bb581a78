"""The demo's mails: they land as files, one for each, and nothing leaves the machine."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from deploy.local.demo import clients
from deploy.local.demo.clients import Clients

SENT_SECONDS_MAX: Final = 60.0


class Mail(NamedTuple):
    """What a list of mails shows."""

    file: Path
    to: str
    subject: str


async def all_sent(outside: Clients) -> None:
    """Returns when the operator sees nothing waiting any more."""

    async def is_done() -> bool:
        for service in ("intake", "verification"):
            for state in ("waiting", "sending"):
                at = f"{service}/api/v1/notifications?state={state}"
                if (await outside.ask("operator", "GET", at))["items"]:
                    return False
        return True

    await clients.until(is_done, "every mail to be sent", SENT_SECONDS_MAX)


def read(folder: Path) -> list[Mail]:
    """The mails in a folder, by file name: in the order of sending."""
    return list(_read(folder))


def _read(folder: Path) -> Iterator[Mail]:
    for file in sorted(folder.glob("*.eml")):
        found = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        yield Mail(file, str(found["To"]), str(found["Subject"]))
