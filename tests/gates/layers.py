"""Compares the coverage of each layer of a service with the threshold that the service sets.

    python layers.py <folder with the data of the gates> <gate> …

Runs in the service's folder, with its Python. Lines and branches count, as coverage.py counts
them; the comparison is exact, where `--fail-under=90` lets 89.6 pass.
"""

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


def main(folder: Path, gates: list[str]) -> str | None:
    """Print the layers; gives the reason to fail."""
    data = up_to_date(folder.glob("*.data"), Path("src").rglob("*.py"))
    missing = set(gates) - {gate for path in data for gate in path.stem.split("+")}
    if missing:
        return f"There is no data newer than the code: run {', '.join(sorted(missing))} first."
    combined = folder / "combined"
    run = [sys.executable, "-m", "coverage"]
    subprocess.run([*run, "combine", "-q", "--keep", f"--data-file={combined}", *data], check=True)
    for kind, target in (("html", f"-d{folder / 'html'}"), ("json", f"-o{folder / 'report.json'}")):
        subprocess.run([*run, kind, target, "-q", f"--data-file={combined}"], check=True)
    rules = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["tool"]
    layers = judge(json.loads((folder / "report.json").read_bytes()), rules["coverage-layers"])
    tell(layers)
    print(f"line by line: {folder / 'html' / 'index.html'}")
    if red := [layer.name for layer in layers if not layer.green]:
        return f"Not tested enough: {', '.join(red)}."
    return None


def tell(layers: list[Layer]) -> None:
    """Print the table, and add it to the summary of a GitHub job."""
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
    sys.stdout.flush()
    lines = [f"| {' | '.join(row)} |" for row in rows]
    append_to_job_summary(
        [f"| layer of {Path.cwd().name} | covered | threshold | |", "|---|---:|---|---|", *lines]
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
