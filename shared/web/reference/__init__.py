"""The API of all three services as a page, at `/docs` of each, and as OpenAPI beside it.

Promises: the page needs no script and no network; what it shows is what the services answer at
`/openapi.json`. `python -m deploy.descriptions` writes the files in this folder anew.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from pathlib import Path
from typing import Final, Literal

from fastapi import APIRouter, Response

FOLDER: Final = Path(__file__).parent
PAGE: Final = "page.html"

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def get_page() -> Response:
    """All three services on one page."""
    text = _read(PAGE)
    policy = f"default-src 'none'; style-src '{_digest(text)}'; frame-ancestors 'none'"
    return Response(
        text, media_type="text/html; charset=utf-8", headers={"content-security-policy": policy}
    )


@router.get("/openapi/{service}.json")
async def get_document(service: Literal["intake", "verification", "ledger"]) -> Response:
    """A service's own document, also at the other services."""
    return Response(_read(f"{service}.json"), media_type="application/json")


@functools.cache
def _read(name: str) -> str:
    return (FOLDER / name).read_text()


def _digest(page: str) -> str:
    """Of the page's own style: the browser applies no other."""
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)[0]
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
