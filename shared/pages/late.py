"""Pages that are imported with the first one that is asked for.

A service whose pages nobody opens stays 2 to 3 MB smaller: these are kept for the largest return.
"""

from __future__ import annotations

import importlib
from typing import Final

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

PROGRAMS: Final = ("/api/", "/health", "/metrics", "/openapi/", "/docs", "/static/")
"""Where no page of a service's own is."""


class LatePages:
    """Lets a request through, after the pages are there if it may ask for one. `module`: has their
    `router`, with paths that nothing else of the app has."""

    def __init__(self, app: ASGIApp, *, owner: FastAPI, module: str) -> None:
        self._app = app
        owner.state.late_pages = module

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
            if not path.startswith(PROGRAMS):
                load(scope["app"])
        await self._app(scope, receive, send)


def load(app: FastAPI) -> None:
    """Gives an app its pages, if they are not there yet."""
    module = getattr(app.state, "late_pages", None)
    if module is not None:
        app.state.late_pages = None
        app.include_router(importlib.import_module(module).router)
