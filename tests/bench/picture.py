"""Which rows of the table the picture shows, in which groups."""

from collections.abc import Iterable, Sequence
from typing import Final

from .bars import Bar, Group, drawn

Lines = Iterable[Sequence[str]]
Shown = tuple[str, str, bool]  # what was measured, the figure, whether it is ours

APPLICATIONS: Final = (
    "the service",
    "FastAPI and SQLAlchemy, as their docs show",
    "FastAPI on plain sqlite3",
    "FastAPI, a constant",
)
GROUPS: Final[dict[str, list[list[Shown]]]] = {
    "Requests a second, one worker: more is better": [
        [("http", f"{what}: {who}", who == "the service") for who in APPLICATIONS]
        for what in ("create", "read", "list")
    ],
    "Writes a second, each of them committed: more is better": [
        [
            ("writes", f"{clients}, {workers}", True)
            for workers in ("1 worker", "4 workers")
            for clients in ("1 client", "64 clients")
        ],
        [
            ("processes", f"transactions of {many}", True)
            for many in ("1 process", "2 processes", "4 processes")
        ],
        [
            ("contention", "read-modify-write transactions, 50 tasks, one row", True),
            ("contention", "the same with SQLAlchemy, as its docs show", False),
        ],
    ],
    "Milliseconds a test, the same work on each kind of database: less is better": [
        [
            ("isolation", "our database", True),
            ("isolation", ":memory: and create_all", False),
            ("isolation", "file and alembic upgrade head", False),
        ]
    ],
    "Seconds to a new service with all gates passed: less is better": [
        [
            ("render", "README's first command, caches empty", True),
            ("render", "README's first command, caches full", True),
            ("render", "nox -s new, the first in a fresh clone", True),
            ("render", "nox -s new, the next one", True),
        ]
    ],
}


def missing(table: Lines) -> list[str]:
    """A sentence for each row to show that is not there, though its measurement has rows."""
    rows = {(line[0], line[1]) for line in table}
    measured = {name for name, _ in rows}
    shown = [row for clusters in GROUPS.values() for cluster in clusters for row in cluster]
    return [
        f"The picture finds no row {figure!r} of {name}: name it anew in tests/bench/picture.py."
        for name, figure, _ in shown
        if name in measured and (name, figure) not in rows
    ]


def picture(table: Lines) -> str:
    """Rows of the table as SVG; what was not measured is left out."""
    rows = {(line[0], line[1]): line for line in table}
    groups = [
        Group(
            title,
            [
                [_bar(rows[row[:2]], ours=row[2]) for row in shown if row[:2] in rows]
                for shown in clusters
            ],
        )
        for title, clusters in GROUPS.items()
    ]
    there = [group for group in groups if group.bars]
    return drawn(there, "Some figures of the last run", "this template", "for comparison")


def _bar(line: Sequence[str], *, ours: bool) -> Bar:
    _, figure, value, unit, *_ = line
    return Bar(figure, float(value.replace(",", "")), f"{value} {unit}", ours)
