"""The picture of the last benchmarks shows what the table says."""

import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bench.page import PAGE, redraw, table_of, write
from bench.picture import missing, picture

PICTURE = PAGE.with_suffix(".svg")
Line = tuple[str, ...]


def groups(svg: str) -> list[list[tuple[str, str, float]]]:
    """Of each group, what stands left and right of its bars, and how long they are."""
    found = []
    for group in ET.fromstring(svg).findall("{*}g"):
        words = {
            name: [text.text or "" for text in group.findall(f"{{*}}text[@class='{name}']")]
            for name in ("label", "value")
        }
        bars = [float(bar.attrib["width"]) for bar in group.findall("{*}rect")]
        found.append([*zip(words["label"], words["value"], bars, strict=True)])
    return found


def unfounded(svg: str, table: list[Line]) -> list[str]:
    """What bars say that no row of the table says."""
    rows = {(line[1], f"{line[2]} {line[3]}") for line in table}
    return [label for bars in groups(svg) for label, value, _ in bars if (label, value) not in rows]


def changed(table: list[Line], name: str, figure: str, value: str) -> list[Line]:
    """The table with another value in one row, or without the row."""
    return [
        (*line[:2], value, *line[3:]) if line[:2] == (name, figure) else line
        for line in table
        if value or line[:2] != (name, figure)
    ]


def test_the_picture_is_that_of_the_table() -> None:
    assert PICTURE.read_text(encoding="utf-8") == picture(table_of(PAGE)), (
        "draw it anew: nox -s bench -- --redraw"
    )


def test_each_figure_of_the_picture_stands_in_the_table() -> None:
    svg = PICTURE.read_text(encoding="utf-8")

    assert unfounded(svg, table_of(PAGE)) == []
    assert sum(map(len, groups(svg))) > 15


def test_a_figure_that_is_not_in_the_table_is_found() -> None:
    table = table_of(PAGE)
    other = changed(table, "isolation", "our database", "1,234")

    assert unfounded(picture(table), other) == ["our database"]
    assert unfounded(picture(other), table) == ["our database"]


def test_a_bar_is_as_long_as_its_value_says() -> None:
    for bars in groups(PICTURE.read_text(encoding="utf-8")):
        values = [float(value.split()[0].replace(",", "")) for _, value, _ in bars]
        expected = [value / max(values) for value in values]
        lengths = [length for _, _, length in bars]
        assert [length / max(lengths) for length in lengths] == pytest.approx(expected, abs=0.01)


def test_a_row_that_is_called_otherwise_is_left_out_and_told() -> None:
    table = table_of(PAGE)
    other = changed(table, "isolation", "our database", "")

    assert len(missing(other)) == len(missing(table)) + 1
    assert any("'our database'" in sentence for sentence in missing(other))
    assert picture(other) != picture(table)


def test_what_was_not_measured_at_all_is_left_out() -> None:
    table = [line for line in table_of(PAGE) if line[0] == "isolation"]

    assert missing(table) == []
    assert len(groups(picture(table))) == 1
    assert groups(picture([])) == []


def test_a_new_table_brings_its_picture(tmp_path: Path) -> None:
    page = tmp_path / PAGE.name
    shutil.copy(PAGE, page)
    other = changed(table_of(PAGE), "isolation", "our database", "99.9")

    write(page, other, "Here, today")

    assert table_of(page) == other
    assert "\n\nHere, today\n" in page.read_text(encoding="utf-8")
    assert "99.9 ms" in page.with_suffix(".svg").read_text(encoding="utf-8")
    page.with_suffix(".svg").unlink()
    redraw(page)
    assert "99.9 ms" in page.with_suffix(".svg").read_text(encoding="utf-8")


def test_the_page_shows_the_picture_in_words_as_well() -> None:
    shown = re.findall(r"!\[(.+?)\]\((.+?)\)", PAGE.read_text(encoding="utf-8"))

    assert [path for _, path in shown] == [PICTURE.name]
    assert all(len(words) > 20 for words, _ in shown)
