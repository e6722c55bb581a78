"""What pages answer besides pages: files."""

from __future__ import annotations

from fastapi import Response


def file(content: bytes | str, name: str) -> Response:
    """A file to be saved under this name."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)
