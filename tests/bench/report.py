"""The report at the end: medians, ranges, and ratios between arms."""

from __future__ import annotations

import itertools
import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import rich.box
import rich.console
import rich.table

from .ground import Sample


@dataclass(frozen=True)
class Comparison:
    """A measure of one arm, compared with another arm or with a limit, and the target."""

    measure: str
    arm: str
    to: str | None
    wanted: str


@dataclass(frozen=True)
class Row:
    """A line of `bench.json`. `value` is the median over the rounds."""

    measure: str
    arm: str
    value: float
    unit: str
    to: str | None
    ratio: float | None


COMPARISONS = (
    Comparison("lines recorded", "ours", "floor", "must 0.6, aim 0.8, then 1.0"),
    Comparison("lines recorded", "ours", "lean floor", "for comparison"),
    Comparison("lines recorded", "ours", "naive", "must 100"),
    Comparison("lines recorded", "ours", "tuned naive", "for comparison"),
    Comparison("lines recorded", "ours", "monolith", "must 4"),
    Comparison("posts accepted", "ours", "storing nothing", "aim 0.7"),
    Comparison("posts recorded", "ours", "monolith", "aim 1.5"),
    Comparison("produce to ledger, p99", "ours", None, "aim at most 150 ms"),
    Comparison("back after SIGKILL", "intake", None, "aim at most 3 s"),
    Comparison("back after SIGKILL", "verification", None, "aim at most 3 s"),
    Comparison("back after SIGKILL", "ledger", None, "aim at most 3 s"),
    Comparison("resident memory", "intake", None, "aim at most 150 MB"),
    Comparison("resident memory", "verification", None, "aim at most 150 MB"),
    Comparison("resident memory", "ledger", None, "aim at most 150 MB"),
    Comparison("idle", "ours", None, "aim at most 5 % of a core"),
)

Values = dict[tuple[str, str], list[Sample]]


def write(samples: Iterable[Sample], file: Path) -> None:
    """Writes `bench.json`: a row for each ratio, and one for each figure without a ratio."""
    found = _by_arm(samples)
    compared = {(c.measure, c.arm): None for c in COMPARISONS if c.to is not None}
    rows = [
        _row(found, comparison.measure, comparison.arm, comparison.to)
        for comparison in COMPARISONS
        if comparison.to is not None
        and {(comparison.measure, comparison.arm), (comparison.measure, comparison.to)} <= {*found}
    ]
    rows += [_row(found, *key, None) for key in found if key not in compared]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


def show(samples: Iterable[Sample], console: rich.console.Console) -> None:
    """Prints the same for people: medians with ranges, and ratios with their targets."""
    found = _by_arm(samples)
    table = rich.table.Table("measure", "arm", box=rich.box.SIMPLE_HEAD)
    for name in ("median", "lowest", "highest", "unit"):
        table.add_column(name, justify="right")
    table.add_column("compared with (target)")
    for measure, keys in itertools.groupby(sorted(found), lambda key: key[0]):
        for key in sorted(keys, key=lambda key: -_median(found[key])):
            values = [sample.value for sample in found[key]]
            figures = (_median(found[key]), min(values), max(values))
            wanted = "\n".join(_wanted(found, each) for each in _comparisons(found, key))
            unit = found[key][0].unit
            table.add_row(measure, key[1], *map(_figure, figures), unit, wanted)
    console.print(table)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _comparisons(found: Values, key: tuple[str, str]) -> list[Comparison]:
    return [
        each
        for each in COMPARISONS
        if (each.measure, each.arm) == key and (each.to is None or (each.measure, each.to) in found)
    ]


def _wanted(found: Values, each: Comparison) -> str:
    ratio = _row(found, each.measure, each.arm, each.to).ratio
    return each.wanted if ratio is None else f"{ratio:,.3g} of {each.to} ({each.wanted})"


def _row(found: Values, measure: str, arm: str, to: str | None) -> Row:
    """The ratio is the median over the rounds: the two arms of a round ran under the same
    conditions."""
    samples = found[measure, arm]
    ratio = None
    if to is not None:
        pairs = zip(samples, found[measure, to], strict=True)
        ratio = statistics.median(own.value / other.value for own, other in pairs)
    return Row(
        measure=measure,
        arm=arm,
        value=_median(samples),
        unit=samples[0].unit,
        to=to,
        ratio=ratio,
    )


def _median(samples: list[Sample]) -> float:
    return statistics.median(sample.value for sample in samples)


def _by_arm(samples: Iterable[Sample]) -> Values:
    found: Values = {}
    for sample in samples:
        found.setdefault((sample.measure, sample.arm), []).append(sample)
    return found
