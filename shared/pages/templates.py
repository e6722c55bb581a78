"""The templates of pages: strict for pages, lenient for the design system's macros.

It is imported with the first page: a service whose pages nobody opens stays smaller.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import jinja2
from jinja2.utils import missing

FOLDER: Final = Path(__file__).parent


class _Undefined(jinja2.ChainableUndefined):
    """What is missing in a dict is nothing, as the design system's macros need it. What an object
    does not have is an error at once."""

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[jinja2.TemplateRuntimeError] = jinja2.UndefinedError,
    ) -> None:
        is_lenient = isinstance(obj, Mapping | jinja2.Undefined)
        if obj is not missing and not is_lenient:
            raise exc(hint or f"{type(obj).__name__} has no {name}")
        super().__init__(hint, obj, name, exc)


def environment(templates: Path) -> jinja2.Environment:
    """The templates of a folder, those that all sites share, and the design system's macros."""
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [
                jinja2.FileSystemLoader([templates, FOLDER]),
                jinja2.PrefixLoader(
                    {"govuk_frontend_jinja": jinja2.PackageLoader("govuk_frontend_jinja")}
                ),
            ]
        ),
        undefined=_Undefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
