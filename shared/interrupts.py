"""Ctrl-C is one sentence, from the first moment on: a program calls `tell` before it imports what
takes long. Python would print a traceback through whatever it was just importing.
"""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Final

WORDS: Final = "✗ Stopped by Ctrl-C. Run the command again to go on."


def tell() -> None:
    """Has Ctrl-C told in words from now on."""
    sys.excepthook = _tell


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        print(WORDS, file=sys.stderr, flush=True)
    else:
        sys.__excepthook__(kind, error, trace)
