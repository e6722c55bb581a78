"""The descriptions for programs are those of the code.

After a change that is meant: `python -m deploy.descriptions`, then look at what git shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import msgspec
import pytest
from fastapi.openapi.models import OpenAPI
from faststream.specification.asyncapi.v3_0_0.schema import ApplicationSchema

from deploy import descriptions
from shared.delivery import topics
from shared.web import reference
from shared.wire import schemas
from shared.wire.schemas import fields

by_service = pytest.mark.parametrize("service", descriptions.SERVICES)


def asyncapi(service: str) -> Any:
    return json.loads((descriptions.ROOT / "docs/asyncapi" / f"{service}.json").read_text())


def openapi(service: str) -> Any:
    return json.loads((reference.FOLDER / f"{service}.json").read_text())


def operations(document: Any) -> list[Any]:
    return [each for methods in document["paths"].values() for each in methods.values()]


def references(document: Any) -> Iterator[str]:
    if isinstance(document, list):
        for each in document:
            yield from references(each)
    elif isinstance(document, dict):
        if isinstance(document.get("$ref"), str):
            yield document["$ref"]
        for each in document.values():
            yield from references(each)


def resolve(document: Any, reference: str) -> Any:
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document


class TestDescriptions:
    @pytest.mark.parametrize("file", descriptions.export(), ids=lambda file: file.name)
    def test_are_those_of_the_code(self, file: Path) -> None:
        """Meant? Run `python -m deploy.descriptions`."""
        assert descriptions.export()[file] == file.read_text()


class TestAsyncApi:
    @by_service
    def test_has_the_form_of_version_3(self, service: str) -> None:
        """The framework's own model of AsyncAPI reads it."""
        assert "3.0.0" == ApplicationSchema.model_validate(asyncapi(service)).asyncapi

    @by_service
    def test_refers_to_what_is_there(self, service: str) -> None:
        """Every `$ref` leads somewhere within the document."""
        document = asyncapi(service)
        found = list(references(document))
        assert found
        assert all(resolve(document, each) is not None for each in found)

    @by_service
    def test_has_examples_that_fit(self, service: str) -> None:
        """The example of each message is valid by the schema beside it."""
        document = asyncapi(service)
        for message in document["components"]["messages"].values():
            schema = message["payload"] | {"components": document["components"]}
            validator = jsonschema.Draft202012Validator(schema)
            for example in message.get("examples", []):
                assert [] == [error.message for error in validator.iter_errors(example["payload"])]

    def test_together_have_each_event_written_by_its_writer(self) -> None:
        """Whatever a topic holds is sent by the service that writes it, and by no other."""
        for topic in topics.ALL:
            senders = {
                service
                for service in descriptions.SERVICES
                if f"send.{topic.name}" in asyncapi(service)["operations"]
            }
            writers = {topic.written_by} if topic.written_by else set(descriptions.SERVICES)
            assert writers == senders, topic.name


class TestOpenApi:
    @by_service
    def test_has_the_form_of_version_3_1(self, service: str) -> None:
        """The framework's own model of OpenAPI reads it, and its references lead somewhere."""
        document = openapi(service)
        assert "3.1.0" == OpenAPI.model_validate(document).openapi
        assert all(resolve(document, each) is not None for each in references(document))

    @by_service
    def test_describes_everything(self, service: str) -> None:
        """Every address says who may use it; every parameter and field says what it is."""
        document = openapi(service)
        for operation in operations(document):
            assert "For " in operation["description"]
            assert all(each["description"] for each in operation.get("parameters", ()))
        for schema in document["components"]["schemas"].values():
            assert all(field["description"] for field in schema.get("properties", {}).values())

    @by_service
    def test_has_an_example_of_every_body(self, service: str) -> None:
        """Each fits its schema."""
        document = openapi(service)
        for operation in operations(document):
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body is None:
                continue
            assert body["examples"], operation["operationId"]
            schema = body["schema"] | {"components": document["components"]}
            validator = jsonschema.Draft202012Validator(schema)
            for example in body["examples"].values():
                assert [] == [error.message for error in validator.iter_errors(example["value"])]


class TestField:
    def test_of_every_event_is_described(self) -> None:
        """In every schema, also of the parts."""
        for event in schemas.EVENTS:
            schema = json.loads((schemas.FOLDER / f"{event.__name__}.json").read_text())
            for struct in schema["$defs"].values():
                assert all(field["description"] for field in struct["properties"].values())

    def test_is_described_once(self) -> None:
        """Nothing is listed that no field needs, or that the source says already."""
        needed = {"type"}
        for module in fields.SOURCES:
            for name, struct in vars(module).items():
                if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
                    needed |= set(_needed(name, struct))
        assert needed == set(fields.LISTED)


def _needed(name: str, struct: type[msgspec.Struct]) -> Iterator[str]:
    for field in msgspec.structs.fields(struct):
        if (name, field.name) not in fields.written():
            own = f"{name}.{field.name}"
            yield own if own in fields.LISTED else field.name
