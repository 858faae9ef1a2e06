"""Compares the coverage of each layer of a service with the threshold that the service sets.

    python layers.py <folder for the report> <gate> … [--data=<folder> …] [--later]

Runs in the service's folder, with its Python. Lines and branches count, as coverage.py counts
them; the comparison is exact, where `--fail-under=90` lets 89.6 pass.

The data is that of the folder, or of those behind `--data`, one for each Python: together, as a
line that one of them reached is covered. `--later` only sees that there is data to judge later.
"""

import argparse
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from gates.together import append_to_job_summary


@dataclass(frozen=True)
class Layer:
    """What is covered of a layer; `percent` is None when it has no file."""

    name: str
    percent: float | None
    at_least: float

    @property
    def green(self) -> bool:
        """Whether it reaches its threshold, exactly."""
        return self.percent is not None and self.percent >= self.at_least


def judge(report: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]]) -> list[Layer]:
    """The layers of `rules`, in the figures of coverage.py's JSON report."""
    return [
        Layer(name, _percent(report["files"], rule["files"]), rule["at-least"])
        for name, rule in rules.items()
    ]


def _percent(files: Mapping[str, Any], patterns: Iterable[str]) -> float | None:
    found = [
        file["summary"]
        for path, file in files.items()
        if any(fnmatch(path.replace("\\", "/"), pattern) for pattern in patterns)
    ]
    total = sum(each["num_statements"] + each["num_branches"] for each in found)
    covered = sum(each["covered_lines"] + each["covered_branches"] for each in found)
    return 100 * covered / total if total else None


def up_to_date(data: Iterable[Path], sources: Iterable[Path]) -> list[Path]:
    """The data that is younger than every source."""
    newest = max(path.stat().st_mtime for path in sources)
    return [path for path in data if path.stat().st_mtime > newest]


def sources(service: Path) -> list[Path]:
    """What the data tells of: the code, and the tests that reached it."""
    folders = (service / name for name in ("src", "tests"))
    found = (path for folder in folders for path in folder.rglob("*.py"))
    return [path for path in (*found, service / "conftest.py") if path.is_file()]


def without_data(data: Iterable[Path], gates: Iterable[str]) -> list[str]:
    """The gates that none of the data comes from; `unit+migration.data` comes from two."""
    return sorted({*gates} - {gate for path in data for gate in path.stem.split("+")})


def main(folder: Path, gates: list[str], origins: list[Path], *, later: bool) -> str | None:
    """Print the layers; gives the reason to fail."""
    found = [path for origin in origins or [folder] for path in origin.glob("*.data")]
    data = up_to_date(found, sources(Path()))
    if missing := without_data(data, gates):
        return f"There is no data newer than the code: run {', '.join(missing)} first."
    if later:
        print("Not judged here, but when the data of all Pythons is merged.")
        return None
    try:
        report = reported(folder, data)
    except subprocess.CalledProcessError:
        return "coverage cannot read the code: fix what is shown above."
    rules = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]
    layers = judge(report, rules["coverage-layers"])
    merged = sorted({path.parent.name for path in data}) if origins else []
    print_layers(layers, merged)
    print(f"line by line: {folder / 'html' / 'index.html'}")
    if red := [layer.name for layer in layers if not layer.green]:
        return f"Not tested enough: {', '.join(red)}."
    return None


def reported(folder: Path, data: Iterable[Path]) -> dict[str, Any]:
    """What coverage.py says of the data together; its pages are left in `folder`/html."""
    folder.mkdir(parents=True, exist_ok=True)
    combined, report = folder / "combined", folder / "report.json"
    run = [sys.executable, "-m", "coverage"]
    subprocess.run([*run, "combine", "-q", "--keep", f"--data-file={combined}", *data], check=True)
    for kind, target in (("html", f"-d{folder / 'html'}"), ("json", f"-o{report}")):
        subprocess.run([*run, kind, target, "-q", f"--data-file={combined}"], check=True)
    told: dict[str, Any] = json.loads(report.read_bytes())
    return told


def print_layers(layers: list[Layer], merged: list[str]) -> None:
    """Print the table, and add it to the summary of a GitHub job; `merged` is what was."""
    rows = [
        (
            layer.name,
            "no file" if layer.percent is None else f"{layer.percent:.2f} %",
            f"at least {layer.at_least} %",
            "green" if layer.green else "red",
        )
        for layer in layers
    ]
    for name, percent, at_least, outcome in rows:
        print(f"{name:12} {percent:>9}  {at_least:14}  {outcome}")
    if merged:
        print(f"merged: {', '.join(merged)}")
    sys.stdout.flush()
    lines = [f"| {' | '.join(row)} |" for row in rows]
    of = ", ".join(merged) or Path.cwd().name
    append_to_job_summary(
        [f"| layer of {of} | covered | threshold | |", "|---|---:|---|---|", *lines]
    )


def arguments(given: list[str]) -> argparse.Namespace:
    """Parse them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("gates", nargs="+")
    parser.add_argument("--data", type=Path, action="append", default=[])
    parser.add_argument("--later", action="store_true")
    return parser.parse_args(given)


if __name__ == "__main__":
    asked = arguments(sys.argv[1:])
    sys.exit(main(asked.folder, asked.gates, asked.data, later=asked.later))
