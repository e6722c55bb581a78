"""Spreadsheets in: bytes that somebody sends, as rows of cells.

Promises: `read` takes any bytes and never raises; what a file is is decided by its first bytes, not
by its name. Nothing in a file is run, and nothing outside of it is opened. `read_aside` does the
same without holding up the event loop.
Refuses: what is neither CSV nor XLSX, by name where it is known; what is over the bounds of
`tables`.
"""

from __future__ import annotations

import asyncio
from concurrent import futures
from typing import Final

from shared.spreadsheets import comma, tables, workbook

_SAVE_AS: Final = "Open it in a spreadsheet program and save it as XLSX or CSV."
_OTHERS: Final = {
    b"\xd0\xcf\x11\xe0": tables.Unreadable(
        "This is an Excel file of before 2007 (XLS), or it is protected by a password",
        "Save it as XLSX, without a password.",
    ),
    b"%PDF": tables.Unreadable("This is a PDF, not a spreadsheet", _SAVE_AS),
    b"{\\rtf": tables.Unreadable("This is a text document, not a spreadsheet", _SAVE_AS),
    b"{": tables.Unreadable("This is JSON, not a spreadsheet", "Send it as JSON, or send CSV."),
    b"[{": tables.Unreadable("This is JSON, not a spreadsheet", "Send it as JSON, or send CSV."),
    b"<": tables.Unreadable("This is a web page or XML, not a spreadsheet", _SAVE_AS),
}
"""By what they begin with."""


def read(body: bytes) -> tables.Book | tables.Unreadable:
    """The file's sheets, or why it cannot be read."""
    if len(body) > tables.BYTES_MAX:
        size = f"{tables.BYTES_MAX >> 20} MB"
        return tables.Unreadable(f"The file is larger than {size}", "Send it in several files.")
    start = body[:100].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        return tables.Unreadable("The file is empty", "Choose the file that you filled in.")
    for magic, unreadable in _OTHERS.items():
        if start.startswith(magic):
            return unreadable
    if body.startswith(b"PK\x03\x04"):
        return workbook.read(body)
    return comma.read(body)


async def read_aside(body: bytes) -> tables.Book | tables.Unreadable:
    """The same in a thread: even a small file may take long, and the event loop must send
    heartbeats."""
    return await asyncio.get_running_loop().run_in_executor(_ONE_AT_A_TIME, read, body)


_ONE_AT_A_TIME: Final = futures.ThreadPoolExecutor(1, "spreadsheets")
"""A file may need 100 MB while it is read."""
