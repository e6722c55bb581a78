"""OpenAPI 3.1 of each service, as it answers at `/openapi.json`."""

from __future__ import annotations

import importlib
from typing import Any

from pydantic import SecretStr


def export(service: str) -> dict[str, Any]:
    """The document. The app is built and not started: it needs no server."""
    app = importlib.import_module(f"services.{service}.app")
    settings = importlib.import_module(f"services.{service}.settings")
    nowhere = settings.Settings(
        kafka_bootstrap_servers="127.0.0.1:1", database_url=SecretStr("postgresql://127.0.0.1:1/")
    )
    described: dict[str, Any] = app.build(nowhere).openapi()
    return described
