"""Letters: the words of a mail, as plain text and as HTML with the same words (rule L1).

Promises: pure. The subject says it all; the worst comes first; each thing has its next step and its
link. A mail says that a machine sent it, whom to answer, why it came and how to get less of it.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final
from uuid import UUID

ITEMS_MAX: Final = 20
SUBJECT_MAX: Final = 150
"""Characters: what a phone and a list of mails show."""
REPEAT: Final = "You may have had this mail before: it was not certain that it had reached you."
_STYLE: Final = "font-family:Arial,sans-serif;font-size:16px;line-height:1.4;color:#0b0c0c"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that a letter tells."""

    headline: str
    sentences: tuple[str, ...]
    to_do: str | None
    """The next step, with a day ahead; None: there is nothing to do."""
    link: str
    """The whole address of its page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one dispatch says."""

    subject: str
    items: tuple[Item, ...]
    """The worst first, at most `ITEMS_MAX`."""
    more: int
    """How many more there are."""
    more_link: str
    """Where all of them are listed."""
    because: str
    """Why it comes, after "You get this because"."""
    body: bytes | None = None
    """Of a webhook: the JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a mail says beside its letter."""

    dispatch_id: UUID
    from_: str
    """The council's address for what machines send."""
    name: str
    """Of the council."""
    to: str
    reply_to: str | None
    at: datetime
    choices_link: str
    stop_link: str | None
    """None: this may not be stopped."""
    is_repeat: bool


def text(letter: Letter, envelope: Envelope) -> str:
    """The plain text."""
    return "\n".join(_lines(letter, envelope)) + "\n"


def mail(letter: Letter, envelope: Envelope) -> EmailMessage:
    """The whole mail. Its Message-ID is that of the dispatch, however often it is sent."""
    made = EmailMessage()
    made["From"] = Address(envelope.name, addr_spec=envelope.from_)
    made["To"] = envelope.to
    if envelope.reply_to is not None:
        made["Reply-To"] = envelope.reply_to
    made["Subject"] = subject(letter)
    made["Date"] = format_datetime(envelope.at)
    made["Message-ID"] = f"<{envelope.dispatch_id}@{envelope.from_.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes come back
    made["X-Auto-Response-Suppress"] = "All"
    if envelope.stop_link is not None:
        made["List-Unsubscribe"] = f"<{envelope.stop_link}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    if envelope.is_repeat:
        made["X-Makegood-Repeat"] = "yes"
    made.set_content(text(letter, envelope))
    made.add_alternative(_html(letter, envelope), subtype="html")
    return made


def subject(letter: Letter) -> str:
    """The subject, on one line."""
    whole = " ".join(letter.subject.split())
    return whole if len(whole) <= SUBJECT_MAX else f"{whole[: SUBJECT_MAX - 1]}…"


# --- the words -----------------------------------------------------------------------------------


def _lines(letter: Letter, envelope: Envelope) -> Iterator[str]:
    if envelope.is_repeat:
        yield from (REPEAT, "")
    for item in letter.items:
        yield item.headline
        yield from item.sentences
        if item.to_do is not None:
            yield f"Next: {item.to_do}"
        yield from (item.link, "")
    if letter.more:
        yield from (_more(letter), letter.more_link, "")
    yield from ("--", _because(letter))
    yield f"Choose what you are told: {envelope.choices_link}"
    if envelope.stop_link is not None:
        yield f"Stop these mails: {envelope.stop_link}"
    yield f"{envelope.name}. A machine sent this mail."


def _more(letter: Letter) -> str:
    return f"And {letter.more:,} more."


def _because(letter: Letter) -> str:
    return f"You get this because {letter.because}."


def _html(letter: Letter, envelope: Envelope) -> str:
    """The same words, with links where the text has addresses."""
    parts = [f"<p>{html.escape(REPEAT)}</p>"] if envelope.is_repeat else []
    for item in letter.items:
        parts.append(f"<h2 style='font-size:19px;margin:24px 0 4px'>{_link(item)}</h2>")
        parts += [f"<p style='margin:4px 0'>{html.escape(each)}</p>" for each in item.sentences]
        if item.to_do is not None:
            parts.append(f"<p style='margin:4px 0'><b>Next: {html.escape(item.to_do)}</b></p>")
    if letter.more:
        parts.append(f"<p>{_anchor(letter.more_link, _more(letter))}</p>")
    parts.append(f"<hr><p>{html.escape(_because(letter))}<br>")
    parts.append(_anchor(envelope.choices_link, "Choose what you are told"))
    if envelope.stop_link is not None:
        parts.append(f"<br>{_anchor(envelope.stop_link, 'Stop these mails')}")
    parts.append(f"<br>{html.escape(envelope.name)}. A machine sent this mail.</p>")
    body = "\n".join(parts)
    return (
        f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'>"
        f"<meta name='viewport' content='width=device-width'>"
        f"<title>{html.escape(subject(letter))}</title></head>"
        f'<body style="{_STYLE};max-width:38em;margin:0 auto;padding:12px">\n{body}\n</body></html>'
    )


def _link(item: Item) -> str:
    return _anchor(item.link, item.headline)


def _anchor(href: str, words: str) -> str:
    return f'<a href="{html.escape(href)}">{html.escape(words)}</a>'
