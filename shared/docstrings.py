"""The texts below the fields of classes, which Python itself does not keep."""

from __future__ import annotations

import ast
import inspect
import itertools
from types import ModuleType


def below_fields(*modules: ModuleType) -> dict[tuple[str, str], str]:
    """The text below each annotated field in these modules, on one line, by class and field."""
    found = {}
    for module in modules:
        for made in ast.parse(inspect.getsource(module)).body:
            if isinstance(made, ast.ClassDef):
                for field, text in itertools.pairwise(made.body):
                    match field, text:
                        case (
                            ast.AnnAssign(target=ast.Name(id=name)),
                            ast.Expr(value=ast.Constant(value=str(words))),
                        ):
                            found[made.name, name] = " ".join(words.split())
    return found
