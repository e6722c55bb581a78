"""The page about the API: the same at every service, without script and without network."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from deploy import descriptions
from shared.web import reference


@pytest.fixture(params=descriptions.SERVICES)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[httpx.AsyncClient]:
    """Of each service, which is built and needs neither broker nor database for this."""
    service = request.param
    settings = importlib.import_module(f"services.{service}.settings").Settings(
        kafka_bootstrap_servers="127.0.0.1:1", database_url=SecretStr("postgresql://127.0.0.1:1/")
    )
    app = importlib.import_module(f"services.{service}.app").build(settings)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{service}") as made:
        yield made


class TestPage:
    async def test_has_every_address_of_all_three(self, client: httpx.AsyncClient) -> None:
        """Each with its method, and a link from the contents."""
        answer = await client.get("/docs")
        assert 200 == answer.status_code
        for service in descriptions.SERVICES:
            document = json.loads((reference.FOLDER / f"{service}.json").read_text())
            for path, methods in document["paths"].items():
                for method, operation in methods.items():
                    assert f"{method.upper()} {path}" in answer.text
                    assert f'href="#{service}-{operation["operationId"]}"' in answer.text

    async def test_leads_somewhere_with_each_link(self, client: httpx.AsyncClient) -> None:
        """Within the page or to a document of this service: nothing is fetched elsewhere."""
        text = (await client.get("/docs")).text
        links = set(re.findall(r'href="([^"]*)"', text))
        ids = re.findall(r'id="([^"]*)"', text)
        assert len(ids) == len(set(ids))
        assert "<script" not in text
        assert " src=" not in text
        inside = {link for link in links if link.startswith("#")}
        assert {link[1:] for link in inside} <= set(ids)
        for link in links - inside:
            assert 200 == (await client.get(link)).status_code

    async def test_is_styled_by_its_own_style_only(self, client: httpx.AsyncClient) -> None:
        """By its digest."""
        policy = (await client.get("/docs")).headers["content-security-policy"]
        assert re.fullmatch(
            r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'; frame-ancestors 'none'", policy
        )


class TestDocument:
    async def test_is_what_the_service_itself_answers(self, client: httpx.AsyncClient) -> None:
        """`/openapi.json` is the document of this service among the three."""
        said = (await client.get("/openapi.json")).json()
        kept = (await client.get(f"/openapi/{client.base_url.host}.json")).json()
        assert kept == said
