"""The page that shows the last whole run: its table, and the picture made of that."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gates.render import ROOT

from .picture import picture
from .table import for_the_docs

PAGE: Final = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- written by nox -s bench -- --write -->\n", "<!-- until here -->\n"


def write(page: Path, table: Sequence[tuple[str, ...]], *about: str) -> None:
    """Replace what stands between the two markers of the page, and the picture beside it."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    block = "\n\n".join([for_the_docs(table), *about])
    page.write_text(f"{before}{BEGIN}\n{block}\n\n{END}{after}", encoding="utf-8")
    redraw(page)


def redraw(page: Path) -> None:
    """Draw the picture beside the page from the table that the page shows."""
    page.with_suffix(".svg").write_text(picture(table_of(page)), encoding="utf-8")


def table_of(page: Path) -> list[tuple[str, ...]]:
    """The rows between the two markers, without the head."""
    block = page.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    lines = [line for line in block.splitlines() if line.startswith("| ")]
    return [tuple(line[2:-2].split(" | ")) for line in lines[2:]]
