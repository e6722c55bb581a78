"""The notifier's loop: plans what is due, writes letters, and sends them, several at a time.

Promises: each dispatch is marked before it is sent (`dispatches`), and what became of it is written
with the mark of the next, in one commit. While a server is away, what waits goes on waiting, and is
tried again at growing intervals. Nothing that one recipient's server does holds up another's mail.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Protocol, TypeAlias
from uuid import UUID

from shared import log, metrics, sql
from shared.delivery import failpoints, tasks
from shared.notifier import backoff, dispatches, letters, recipients, stops
from shared.notifier.kinds import UNANSWERED, Kind
from shared.notifier.recipients import Channel
from shared.notifier.sending import Outcome, Outgoing, Sender

BATCH: Final = 200
"""Dispatches whose letters are written together."""
IDLE_SECONDS: Final = 1.0
LEASE_SECONDS: Final = 30.0
"""How long after the death of a notifier another takes up what it was sending."""
KEEP_SECONDS: Final = 8.0
"""How often leases are kept up: three times before they pass."""
AWAY_SECONDS_MAX: Final = 60.0
"""The longest wait for a server that is away."""
MARK_SECONDS: Final = 0.2
"""How often it is tried to write what became of a dispatch, while the database is away."""
STOP_SECONDS_MAX: Final = 20.0
STOP_POLL_SECONDS: Final = 0.2
KEPT_DAYS: Final = 400
"""What was sent is kept for so long: a year, and what an audit of it takes."""
DROP_SECONDS: Final = 3600.0
_OURS: Final = "This is a fault of Makegood: the notifier's log says which."

_log = log.get(__name__)


class Composer(Protocol):
    """The service's own words."""

    async def compose(
        self, pool: sql.Pool, batch: Sequence[dispatches.Ready]
    ) -> Mapping[UUID, letters.Letter]:
        """The letters of these dispatches, in a handful of queries. One that has nothing left to
        tell has none."""
        ...


Loop: TypeAlias = Callable[[], Awaitable[None]]
"""What goes on until it is cancelled."""
Now: TypeAlias = Callable[[], Awaitable[datetime]]
"""The time by the service's clock, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """What every mail says of who sends it."""

    from_: str
    name: str
    reply_to: str | None
    base: str
    """The address of the pages of whoever is told."""
    stop_key: bytes
    """Seals the links that stop mails."""
    kinds: Mapping[str, Kind]
    """What people may stop."""


class Unwritten(NamedTuple):
    """Stands for a letter that could not be written."""

    error: str
    """The name of what went wrong."""


Following: TypeAlias = tuple[dispatches.Ready, letters.Letter | Unwritten | None]
"""What can be sent next, with its letter; None: there is nothing left to tell."""


@dataclass(slots=True)
class Outlet:
    """A channel, as the notifier uses it."""

    channel: Channel
    senders: Sequence[Sender]
    """One for each that may be under way at a time."""
    away_seconds: float = 0.0
    again_at: float = 0.0
    """By the loop's clock; before it the server is left alone."""
    leases: set[UUID] = field(default_factory=set)
    """Of what is being sent."""
    queue: deque[Following] = field(default_factory=deque)
    looked_at: float = -math.inf
    """When it was last asked what can be sent, by the loop's clock."""
    filling: asyncio.Lock = field(default_factory=asyncio.Lock)


class Notifier:
    """Sends for one service. `run` goes on until it is cancelled."""

    def __init__(
        self,
        pool: sql.Pool,
        composer: Composer,
        outlets: Sequence[Outlet],
        letterhead: Letterhead,
        now: Now,
    ) -> None:
        self.pool = pool
        self.outlets = outlets
        self._composer = composer
        self._letterhead = letterhead
        self._now = now
        self.per_hour_max = 10
        self.lease_seconds = LEASE_SECONDS
        self.poll_seconds = IDLE_SECONDS
        self.loops: Sequence[Loop] = ()
        """What else goes on."""
        self._is_stopping = False

    def stop(self) -> None:
        """Lets what is under way be finished, and begins nothing new: `run` ends then."""
        self._is_stopping = True

    async def run(self) -> None:
        """Plans and sends, until it is told to stop."""
        loops = (
            self._plan,
            self._keep,
            self._drop,
            *(
                self._sending(outlet, sender)
                for outlet in self.outlets
                for sender in outlet.senders
            ),
            *self.loops,
        )
        running = [asyncio.create_task(self._again_and_again(each)) for each in loops]
        try:
            while not self._is_stopping:
                await asyncio.sleep(STOP_POLL_SECONDS)
            async with asyncio.timeout(STOP_SECONDS_MAX):
                while any(outlet.leases for outlet in self.outlets):
                    await asyncio.sleep(STOP_POLL_SECONDS)
        except TimeoutError:
            _log.warning("The notifier ends while something is still being sent.")
        finally:
            await tasks.end(*running)
            for outlet in self.outlets:
                await asyncio.gather(*(sender.close() for sender in outlet.senders))

    async def plan_once(self) -> int:
        """Plans what is due by now. Returns how many notifications it has looked at."""
        return await dispatches.plan(self.pool, await self._now(), self.per_hour_max)

    async def send_once(self, outlet: Outlet) -> None:
        """Sends what can be sent on a channel now."""
        await asyncio.gather(*(self._work(outlet, sender) for sender in outlet.senders))

    async def _work(self, outlet: Outlet, sender: Sender) -> None:
        """Sends one after the other, until nothing is left or the server is away. Each sender goes
        its own pace: one that waits for an answer holds up no other."""
        ended: dispatches.Ended | None = None
        try:
            while (following := await self._next(outlet)) is not None:
                ready, letter = following
                begun = await dispatches.advance(
                    self.pool, ended, ready.dispatch_id, self.lease_seconds
                )
                if ended is not None:
                    outlet.leases.discard(ended.lease)
                    ended = None
                if begun is None:
                    continue
                outlet.leases.add(begun.lease)
                outcome = await self._send(sender, ready, letter, begun)
                failpoints.hit("after_send_before_mark")
                ended = judge(ready, begun, outcome, outlet.channel, datetime.now(UTC))
                metrics.DISPATCHES.labels(outlet.channel, ended.state).inc()
                if outcome.is_gone:
                    await recipients.switch_off(self.pool, ready.recipient_id)
                if outcome.is_away:
                    _leave_alone(outlet, outcome)
                else:
                    outlet.away_seconds = 0.0
        finally:
            if ended is not None:
                await self._mark(ended)
                outlet.leases.discard(ended.lease)

    async def _next(self, outlet: Outlet) -> Following | None:
        """What can be sent next. Letters are written for many at once."""
        async with outlet.filling:
            now = asyncio.get_running_loop().time()
            if not outlet.queue and now >= outlet.again_at:
                outlet.looked_at = now
                ready = await dispatches.list_ready(self.pool, outlet.channel, BATCH)
                told = await self._compose(list(filter(_is_on, ready)))
                outlet.queue.extend((each, told.get(each.dispatch_id)) for each in ready)
            if not outlet.queue or self._is_stopping:
                return None
            return outlet.queue.popleft()

    async def _compose(
        self, batch: Sequence[dispatches.Ready]
    ) -> Mapping[UUID, letters.Letter | Unwritten]:
        """Their letters. One that cannot be written keeps none of the others back."""
        if not batch:
            return {}
        try:
            return await self._composer.compose(self.pool, batch)
        except Exception as error:
            if sql.is_broken(error):
                raise
            if len(batch) > 1:
                found: dict[UUID, letters.Letter | Unwritten] = {}
                for each in batch:
                    found |= await self._compose([each])
                return found
            dispatch_id = batch[0].dispatch_id
            _log.exception("A letter could not be written.", dispatch_id=str(dispatch_id))
            return {dispatch_id: Unwritten(type(error).__name__)}

    async def _mark(self, ended: dispatches.Ended) -> None:
        """Writes what became of a dispatch, as soon as the database answers again."""
        while True:
            try:
                await dispatches.advance(self.pool, ended, None, self.lease_seconds)
                return
            except sql.BROKEN:
                await asyncio.sleep(MARK_SECONDS)

    async def _send(
        self,
        sender: Sender,
        ready: dispatches.Ready,
        letter: letters.Letter | Unwritten | None,
        begun: dispatches.Begun,
    ) -> Outcome:
        if not _is_on(ready):
            return Outcome("pointless", "The recipient was removed or switched off.")
        if letter is None:
            return Outcome("pointless", "There is nothing left to tell.")
        if isinstance(letter, Unwritten):
            return Outcome("refused", f"Its letter could not be written ({letter.error}). {_OURS}")
        try:
            return await sender.send(self._outgoing(ready, letter, is_repeat=begun.is_repeat))
        except Exception as error:  # a fault of ours: it goes the way of what is in doubt
            _log.exception("A dispatch could not be sent.", dispatch_id=str(ready.dispatch_id))
            return Outcome("in_doubt", f"It could not be sent ({type(error).__name__}). {_OURS}")

    def _outgoing(
        self, ready: dispatches.Ready, letter: letters.Letter, *, is_repeat: bool
    ) -> Outgoing:
        assert ready.recipient is not None
        head, to, at = self._letterhead, ready.recipient, datetime.now(UTC)
        kind = _one_kind(ready)
        may_stop = kind not in head.kinds or head.kinds[kind].may_stop
        token = stops.token(head.stop_key, to.recipient_id, kind)
        envelope = letters.Envelope(
            dispatch_id=ready.dispatch_id,
            from_=head.from_,
            name=head.name,
            to=to.address,
            reply_to=head.reply_to,
            at=at,
            choices_link=f"{head.base}/me",
            stop_link=f"{head.base}/mail/stop?token={token}" if may_stop else None,
            is_repeat=is_repeat,
        )
        is_mail = to.channel == "email"
        return Outgoing(
            dispatch_id=ready.dispatch_id,
            address=to.address,
            subject=letters.subject(letter),
            text=letters.text(letter, envelope) if is_mail else "",
            message=letters.mail(letter, envelope) if is_mail else None,
            body=letter.body,
            secret=to.secret,
            kind=kind,
            at=at,
            is_repeat=is_repeat,
        )

    async def _plan(self) -> None:
        while True:
            if await self.plan_once() < dispatches.PLANNED_MAX:
                measured = await dispatches.measure(self.pool)
                metrics.DISPATCHES_WAITING.set(measured.waiting)
                metrics.DISPATCHES_AGE_SECONDS.set(measured.oldest_seconds)
                metrics.DISPATCHES_UNDELIVERED.set(measured.undelivered)
                await asyncio.sleep(self.poll_seconds)

    def _sending(self, outlet: Outlet, sender: Sender) -> Loop:
        async def send() -> None:
            while not self._is_stopping:
                since = asyncio.get_running_loop().time() - outlet.looked_at
                if outlet.queue or since >= self.poll_seconds:  # one asks for all
                    await self._work(outlet, sender)
                await asyncio.sleep(self.poll_seconds)

        return send

    async def _keep(self) -> None:
        """Keeps up the leases of what is still being sent."""
        while True:
            await asyncio.sleep(min(KEEP_SECONDS, self.lease_seconds / 4))
            leases = [lease for outlet in self.outlets for lease in outlet.leases]
            if leases:
                await dispatches.keep(self.pool, leases, self.lease_seconds)

    async def _drop(self) -> None:
        while True:
            before = datetime.now(UTC) - timedelta(days=KEPT_DAYS)
            await dispatches.drop_old(self.pool, before)
            await asyncio.sleep(DROP_SECONDS)

    async def _again_and_again(self, loop: Callable[[], Awaitable[None]]) -> None:
        """Whatever fails, such as the database, is tried again."""
        while not self._is_stopping:
            try:
                await loop()
            except sql.BROKEN as error:
                _log.warning("The database does not answer.", error=repr(error))
            except Exception:
                _log.exception("A part of the notifier failed; it starts again.")
            await asyncio.sleep(self.poll_seconds)


def judge(
    ready: dispatches.Ready,
    begun: dispatches.Begun,
    outcome: Outcome,
    channel: Channel,
    now: datetime,
) -> dispatches.Ended:
    """What an outcome makes of a dispatch. What was left in doubt once is sent once more, marked;
    the second time it is for a person."""

    def end(state: dispatches.EndState, next_at: datetime = now) -> dispatches.Ended:
        return dispatches.Ended(
            dispatch_id=ready.dispatch_id,
            lease=begun.lease,
            state=state,
            is_repeat=begun.is_repeat or (outcome.state == "in_doubt" and state == "waiting"),
            next_at=next_at,
            attempts=ready.attempts + (not outcome.is_away),
            answer=outcome.answer,
        )

    if outcome.state in _FINAL:
        return end(_FINAL[outcome.state])
    if outcome.state == "in_doubt" and begun.is_repeat:
        return end("doubtful")
    again = backoff.next_at(channel, ready.attempts + 1, ready.planned_at, now, ready.dispatch_id)
    if again is None:
        return end("given_up")
    return end("waiting", now if outcome.is_away else again)


_FINAL: Final[Mapping[str, dispatches.EndState]] = {
    "sent": "sent",
    "refused": "refused",
    "pointless": "passed",
}


def _one_kind(ready: dispatches.Ready) -> str:
    """The kind of everything that a dispatch carries, by which people choose; empty if they are
    several."""
    kinds = {each.kind if each.step == "raised" else UNANSWERED for each in ready.notifications}
    return kinds.pop() if len(kinds) == 1 else ""


def _is_on(ready: dispatches.Ready) -> bool:
    return ready.recipient is not None and ready.recipient.is_on


def _leave_alone(outlet: Outlet, outcome: Outcome) -> None:
    """The server is away: it is asked again after a while that grows."""
    outlet.queue.clear()
    outlet.away_seconds = min(max(1.0, outlet.away_seconds * 2), AWAY_SECONDS_MAX)
    outlet.again_at = asyncio.get_running_loop().time() + outlet.away_seconds
    _log.warning(
        "A server for sending is away.",
        channel=outlet.channel,
        answer=outcome.answer,
        again_in_seconds=outlet.away_seconds,
    )
