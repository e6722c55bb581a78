"""The service rules that no linter knows: sizes, names, words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("services", "shared", "deploy", "tests")
FILES = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))

LINES_MAX = 400
"""A file can be read in one sitting."""
FUNCTION_LINES_MAX = 70
"""A function fits on a screen."""
POSITIONAL_MAX = 5
DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc", "core", "base"}
MAKER = re.compile(r"(\w+\.)*_?[A-Z][a-z]\w*")
"""What looks like a class."""
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
LEFT_FOR_LATER = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]))


def functions(file: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    nodes = ast.walk(ast.parse(file.read_text()))
    return [n for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def place(file: Path, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    return f"{file.relative_to(ROOT)}:{function.lineno} {function.name}"


def is_written_down(value: ast.expr) -> bool:
    """Whether it is a literal: what a test's author worked out."""
    try:
        ast.literal_eval(value)
    except ValueError:
        return False
    return True


class TestFiles:
    def test_can_be_read_in_one_sitting(self) -> None:
        """Files have at most 400 lines."""
        assert [] == [f for f in FILES if len(f.read_text().splitlines()) > LINES_MAX]

    def test_have_functions_that_fit_on_a_screen(self) -> None:
        """Functions have at most 70 lines."""
        every = ((file, function) for file in FILES for function in functions(file))
        lines = ((place(*one), (one[1].end_lineno or 0) - one[1].lineno + 1) for one in every)
        assert [] == [where for where, count in lines if count > FUNCTION_LINES_MAX]

    def test_call_for_few_arguments(self) -> None:
        """At most five positional parameters; tests take their fixtures by name."""
        ours = [f for f in FILES if not f.is_relative_to(ROOT / "tests")]
        for file, function in [(f, function) for f in ours for function in functions(f)]:
            arguments = [*function.args.posonlyargs, *function.args.args]
            names = [a.arg for a in arguments if a.arg not in ("self", "cls")]
            assert POSITIONAL_MAX >= len(names), place(file, function)

    def test_build_large_values_by_keyword(self) -> None:
        """What has more than five fields is built by their names."""
        ours = [f for f in FILES if not f.is_relative_to(ROOT / "tests")]
        long = [
            f"{file.relative_to(ROOT)}:{node.lineno}"
            for file in ours
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Call)
            and MAKER.fullmatch(ast.unparse(node.func))
            and len(node.args) > POSITIONAL_MAX
        ]
        assert [] == long

    def test_have_constants_that_stay(self) -> None:
        """A module's constants are annotated `Final`."""
        ours = [f for f in FILES if not f.is_relative_to(ROOT / "tests")]
        loose = [
            f"{file.relative_to(ROOT)}:{node.lineno}"
            for file in ours
            for node in ast.parse(file.read_text()).body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and CONSTANT.fullmatch(target.id)
        ]
        assert [] == loose

    def test_say_what_is_expected_first(self) -> None:
        """In an assertion of equality the value that is written down stands on the left."""
        swapped = [
            f"{file.relative_to(ROOT)}:{node.lineno}"
            for file in FILES
            if file.is_relative_to(ROOT / "tests")
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Assert)
            and isinstance(node.test, ast.Compare)
            and isinstance(node.test.ops[0], ast.Eq)
            and len(node.test.ops) == 1
            and is_written_down(node.test.comparators[0])
            and not is_written_down(node.test.left)
        ]
        assert [] == swapped

    def test_are_no_drawers(self) -> None:
        """A module is named for what it holds."""
        assert [] == [f for f in FILES if DRAWERS & set(f.relative_to(ROOT).with_suffix("").parts)]

    def test_leave_nothing_for_later(self) -> None:
        """What is written is done."""
        assert [] == [f for f in FILES if LEFT_FOR_LATER.search(f.read_text())]
