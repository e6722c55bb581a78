"""The notifier as a process: `python -m services.<service> notify`.

Promises: it waits for its database, and ends on SIGTERM when what is under way is sent. Its metrics
are on `NOTIFIER_PORT`.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import prometheus_client

from shared import keys, log, metrics, sql
from shared.notifier import notifier
from shared.notifier.channels import folder, guard, smtp, webhook
from shared.notifier.kinds import Kind
from shared.notifier.notifier import Composer, Letterhead, Loop, Now, Outlet
from shared.notifier.sending import Sender
from shared.notifier.settings import NotifierSettings
from shared.settings import Settings

AGAIN_SECONDS: Final = 1.0
WEBHOOK_CALLS: Final = 4
"""Webhooks that are called at the same time."""

_log = log.get(__name__)


class Telling(NamedTuple):
    """What a service has of its own."""

    base: str
    """The address of the pages of whoever is told."""
    kinds: Mapping[str, Kind]
    """What they are told of."""
    made: Callable[[sql.Pool], tuple[Composer, Now]]
    loops: Callable[[sql.Pool, Now], Sequence[Loop]] | None = None
    """What else goes on beside it."""


async def run(
    service: str, settings: Settings, sending: NotifierSettings, telling: Telling
) -> None:
    """Sends for one service until SIGTERM."""
    if sending.notifier_port:
        prometheus_client.start_http_server(
            sending.notifier_port, settings.host, registry=metrics.NOTIFIER
        )
    pool = await _connect(settings, service)
    composer, now = telling.made(pool)
    key = keys.load_or_create(settings.session_key_path)
    letterhead = Letterhead(
        from_=sending.mail_from,
        name=settings.council_name,
        reply_to=sending.mail_reply_to,
        base=telling.base,
        stop_key=key,
        kinds=telling.kinds,
    )
    running = notifier.Notifier(pool, composer, outlets(sending, key), letterhead, now)
    running.per_hour_max = sending.mails_per_hour_max
    running.poll_seconds = sending.notifier_poll_seconds
    running.lease_seconds = sending.notifier_lease_seconds
    if telling.loops is not None:
        running.loops = telling.loops(pool, now)
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, running.stop)
    _log.info("The notifier is up.", service=service)
    try:
        await running.run()
    finally:
        pool.terminate()


async def wall_now() -> datetime:
    """The time by the machine's clock, which is that of every service but the demo's."""
    return datetime.now(UTC)


def outlets(sending: NotifierSettings, key: bytes) -> list[Outlet]:
    """The channels that the settings name. `key`: the secrets of webhooks are sealed with it."""
    mails = [_mail_sender(sending) for _ in range(sending.mail_connections)]
    allowed = guard.read_allowed(sending.webhook_allowed)
    calls = [webhook.Webhooks(allowed, key) for _ in range(WEBHOOK_CALLS)]
    return [Outlet("email", mails), Outlet("webhook", calls)]


def _mail_sender(sending: NotifierSettings) -> Sender:
    url = sending.mail_url.get_secret_value()
    scheme = url.partition(":")[0]
    if scheme == "file":
        return folder.Folder(sending.mail_folder)
    if scheme == "notify":
        assert sending.notify_api_key is not None
        assert sending.notify_template_id is not None
        from shared.notifier.channels import notify  # late: its client takes 15 MB

        return notify.Notify(
            notify.Account(
                api_key=sending.notify_api_key.get_secret_value(),
                template_id=sending.notify_template_id,
                url=sending.notify_url,
            )
        )
    server = smtp.read_url(
        url, authorities=sending.mail_ca_file, is_plain_allowed=sending.mail_plain_allowed
    )
    return smtp.Smtp(server, sending.mail_from)


async def _connect(settings: Settings, service: str) -> sql.Pool:
    while True:
        try:
            return await sql.connect(settings, service)
        except sql.BROKEN as error:
            _log.warning("The database is not up yet.", error=repr(error))
            await asyncio.sleep(AGAIN_SECONDS)
