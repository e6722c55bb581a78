"""Style and script of the pages, at addresses that change with their content.

Promises: an address has the same content for ever, so browsers ask once. The files are read once;
what a browser may have compressed is kept compressed.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
from pathlib import Path
from typing import Final, NamedTuple

from fastapi import APIRouter, Request, Response

from shared.web import problems

FOLDER: Final = Path(__file__).parent
FILES: Final = {
    "govuk/govuk-frontend.min.css": "text/css; charset=utf-8",
    "govuk/govuk-frontend.min.js": "text/javascript; charset=utf-8",
    "makegood.css": "text/css; charset=utf-8",
    "start.js": "text/javascript; charset=utf-8",
    "begin.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""Their media types."""
FOREVER: Final = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


class Static(NamedTuple):
    """A file as it is sent."""

    plain: bytes
    compressed: bytes
    media_type: str


class NotBuilt(Exception):  # noqa: N818  read as a sentence
    """Style and script are missing: `make venv` or `python -m deploy.statics` makes them."""


@functools.cache
def load() -> tuple[str, dict[str, Static]]:
    """The digest of all files, and the files by name. Raises NotBuilt."""
    digest, found = hashlib.sha256(), {}
    for name, media_type in FILES.items():
        try:
            content = (FOLDER / name).read_bytes()
        except FileNotFoundError:
            raise NotBuilt(f"shared/pages/{name} is missing: {NotBuilt.__doc__}") from None
        digest.update(b"%d " % len(content) + content)
        static = Static(content, gzip.compress(content, mtime=0), media_type)
        found[name.rpartition("/")[2]] = static
    return digest.hexdigest()[:16], found


def path() -> str:
    """What the addresses of all files begin with, such as `/static/0123456789abcdef`."""
    return f"/static/{load()[0]}"


@router.get("/static/{digest}/{name}")
async def get_static(digest: str, name: str, request: Request) -> Response:
    """A file, if its content is that of the address."""
    current, files = load()
    if digest != current or name not in files:
        raise problems.Problem(404, "There is no such file")
    file = files[name]
    headers = {"cache-control": FOREVER, "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(file.compressed, media_type=file.media_type, headers=headers)
    return Response(file.plain, media_type=file.media_type, headers=headers)
