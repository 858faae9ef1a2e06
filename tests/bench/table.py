"""The figures, and the tables made of them: one for the screen, one for the docs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

HEAD: Final = ("measured", "figure", "value", "unit", "ratio", "to", "remark")


@dataclass(frozen=True)
class Row:
    """One figure; `to` names the row of the same measurement that it is compared with.

    `aim` is what the value should be at most, `at_least` what it should be at least. A missed one
    is reported, and fails nothing: a timed assertion would blame the code for a busy machine.
    """

    name: str
    value: float
    unit: str
    to: str = ""
    note: str = ""
    aim: float | None = None
    at_least: float | None = None


def lines(measured: str, rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """The rows of one measurement in words, with their ratios."""
    values = {row.name: row.value for row in rows}
    return [
        (
            measured,
            row.name,
            _readable(row.value),
            row.unit,
            _readable(row.value / values[row.to]) if row.to else "",
            row.to,
            _remark(row),
        )
        for row in rows
    ]


def _readable(value: float) -> str:
    """Two or three digits that mean something."""
    if value == int(value) or value >= 100:  # noqa: PLR2004 - decimals of hundreds are noise
        return f"{value:,.0f}"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"  # noqa: PLR2004 - two decimals of ones


def _remark(row: Row) -> str:
    said = [row.note]
    if row.aim is not None:
        verdict = "met" if row.value <= row.aim else "missed"
        said.append(f"aim: at most {row.aim:g}, {verdict}")
    if row.at_least is not None:
        verdict = "met" if row.value >= row.at_least else "missed"
        said.append(f"aim: at least {row.at_least:,g}, {verdict}")
    return "; ".join(filter(None, said))


def for_the_screen(rows: Iterable[tuple[str, ...]]) -> str:
    """Columns of equal width."""
    table = [HEAD, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    aligned = [
        "  ".join(
            cell.rjust(width) if column in {2, 4} else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
    return "\n".join(aligned)


def for_the_docs(rows: Iterable[tuple[str, ...]]) -> str:
    """The same in Markdown."""
    ruler = ("---", "---", "---:", "---", "---:", "---", "---")
    return "\n".join(f"| {' | '.join(row)} |" for row in [HEAD, ruler, *rows])
