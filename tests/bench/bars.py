"""Draws groups of horizontal bars as SVG, each group with an axis, for light and dark screens."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, takewhile
from math import floor, log10
from typing import Final

WIDTH: Final = 800
MARGIN: Final = 20
LETTER: Final = 7.6  # how wide a letter of a label is at most, on average, whatever the font
VALUE: Final = 130  # room for what the longest bar says, right of it
PITCH: Final = 22  # from one bar to the next
THICK: Final = 14
STYLE: Final = """
    text { font-family: system-ui, sans-serif; font-size: 13px; fill: #24292f }
    text.title { font-weight: 600 }
    text.label { text-anchor: end }
    text.tick { text-anchor: middle; font-size: 11px; fill: #6e7781 }
    text.value { paint-order: stroke; stroke: #ffffff; stroke-width: 4px } /* hides the grid */
    .page { fill: #ffffff }
    .grid { stroke: #d8dee4 }
    .ours { fill: #4a6fa5 }
    .other { fill: #b6bfca }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      text.tick { fill: #8b949e }
      text.value { stroke: #0d1117 }
      .page { fill: #0d1117 }
      .grid { stroke: #30363d }
      .ours { fill: #6c9bd9 }
      .other { fill: #57606a }
    }
  """


@dataclass(frozen=True)
class Bar:
    """A value, and what stands left and right of it; `ours`, or what that is compared with."""

    label: str
    value: float
    words: str
    ours: bool


@dataclass(frozen=True)
class Group:
    """Bars of one unit, in clusters that belong together."""

    title: str
    clusters: Sequence[Sequence[Bar]]

    @property
    def bars(self) -> list[Bar]:
        """All of them."""
        return [bar for cluster in self.clusters for bar in cluster]


def drawn(groups: Sequence[Group], title: str, ours: str, others: str) -> str:
    """The groups below each other, and a legend of the two colours; as a file of SVG."""
    letters = max((len(bar.label) for group in groups for bar in group.bars), default=0)
    left = MARGIN + letters * LETTER + 8
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "role": "img"})
    svg.set("aria-labelledby", "title")
    ET.SubElement(svg, "title", id="title").text = title
    ET.SubElement(svg, "style").text = STYLE
    page = ET.SubElement(svg, "rect", {"class": "page", "rx": "8"})
    y = _legend(svg, ours, others)
    for group in groups:
        y = _group(svg, group, left, y)
    for name, value in ("width", WIDTH), ("height", y):
        page.set(name, f"{value:g}")
    svg.set("viewBox", f"0 0 {WIDTH} {y:g}")
    ET.indent(svg)
    return ET.tostring(svg, encoding="unicode") + "\n"


def _legend(svg: ET.Element, ours: str, others: str) -> float:
    """Gives where the next may begin, as all that draw do."""
    x: float = MARGIN
    for name, words in ("ours", ours), ("other", others):
        _rectangle(svg, name, x, MARGIN, THICK)
        _text(svg, "legend", x + THICK + 8, MARGIN + THICK - 2, words)
        x += THICK + 32 + len(words) * LETTER
    return MARGIN + THICK + 14


def _group(svg: ET.Element, group: Group, left: float, top: float) -> float:
    into = ET.SubElement(svg, "g")
    _text(into, "title", MARGIN, top + 18, group.title)
    places = [*_places(group, top + 32)]
    bottom = places[-1][1] + PITCH
    longest = max(bar.value for bar in group.bars)
    scale = (WIDTH - MARGIN - VALUE - left) / (longest or 1)
    for tick in _ticks(longest):
        x = left + tick * scale
        line = ET.SubElement(into, "line", {"class": "grid"})
        for name, value in ("x1", x), ("x2", x), ("y1", top + 28), ("y2", bottom):
            line.set(name, f"{value:.1f}")
        _text(into, "tick", x, bottom + 13, f"{tick:,g}")
    for bar, y in places:
        baseline = y + THICK - 3
        _text(into, "label", left - 8, baseline, bar.label)
        _rectangle(into, "ours" if bar.ours else "other", left, y, bar.value * scale)
        _text(into, "value", left + bar.value * scale + 6, baseline, bar.words)
    return bottom + 32


def _places(group: Group, top: float) -> Iterator[tuple[Bar, float]]:
    """Each bar with where it begins; a gap between clusters."""
    for cluster in group.clusters:
        for bar in cluster:
            yield bar, top
            top += PITCH
        top += PITCH / 2 if cluster else 0


def _ticks(longest: float) -> Iterator[float]:
    """Some round numbers up to the longest bar: in steps such as 1, 2, 5, 10, 20 or 50."""
    if not longest:
        return iter([0])
    power = 10.0 ** floor(log10(longest / 3))
    step = max(step * power for step in (1, 2, 5) if step * power <= longest / 3)
    return takewhile(lambda tick: tick <= longest, (number * step for number in count()))


def _text(into: ET.Element, name: str, x: float, y: float, words: str) -> None:
    text = ET.SubElement(into, "text", {"class": name, "x": f"{x:.1f}", "y": f"{y:.1f}"})
    text.text = words


def _rectangle(into: ET.Element, name: str, x: float, y: float, width: float) -> None:
    rectangle = ET.SubElement(into, "rect", {"class": name, "height": str(THICK)})
    for key, value in ("x", x), ("y", y), ("width", max(width, 1)):
        rectangle.set(key, f"{value:.1f}")
