"""The gates of a service, run side by side: each to its end, red or green, then one table."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter


@dataclass(frozen=True)
class Gate:
    """Commands that must all succeed, in a folder of a service.

    `results` is the JUnit file with the results of tests. A gate that runs the tests of several
    gates has their names, joined by a plus.
    """

    service: str
    name: str
    folder: Path
    commands: list[list[str]]
    env: Mapping[str, str | None] = field(default_factory=dict)
    results: Path | None = None

    @property
    def environ(self) -> dict[str, str]:
        """The environment variables of its commands."""
        env = {**os.environ, **self.env}
        return {name: value for name, value in env.items() if value is not None}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    service: str
    gate: str
    green: bool
    seconds: float
    detail: str = ""


def run_together(gates: Sequence[Gate]) -> list[Row]:
    """Run gates, as many at once as there are cores; show what each printed at its end.

    Processes that still run are killed when this is left early.
    """
    running: list[subprocess.Popen[str]] = []
    rows: list[Row] = []

    def run(gate: Gate) -> tuple[Gate, bool, float, str]:
        started, green, printed = perf_counter(), True, ""
        for command in gate.commands:
            process = subprocess.Popen(
                command,
                cwd=gate.folder,
                env=gate.environ,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            running.append(process)
            printed += process.communicate()[0]
            green &= process.returncode == 0
        return gate, green, perf_counter() - started, printed

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            for done in as_completed([pool.submit(run, gate) for gate in gates]):
                gate, green, seconds, printed = done.result()
                print(f"--- {gate.name} of {gate.service}\n{printed}", flush=True)
                rows += _rows(gate, green=green, seconds=seconds)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.kill()
            raise
    return sorted(rows, key=lambda row: row.gate)


def _rows(gate: Gate, *, green: bool, seconds: float) -> list[Row]:
    if gate.results is None or not gate.results.exists():
        return [Row(gate.service, gate.name, green, seconds)]
    cases = [*ET.parse(gate.results).iter("testcase")]
    rows = [_tests(gate.service, name, cases) for name in gate.name.split("+")]
    if not green and all(row.green for row in rows):
        rows.append(Row(gate.service, gate.name, green, seconds, "failed outside of the tests"))
    return rows


def _tests(service: str, gate: str, cases: list[ET.Element]) -> Row:
    mine = [case for case in cases if _gate_of(case) == gate]
    bad = sum(case.find("failure") is not None or case.find("error") is not None for case in mine)
    skipped = sum(case.find("skipped") is not None for case in mine)
    counts = {"passed": len(mine) - bad - skipped, "failed": bad, "skipped": skipped}
    detail = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    seconds = sum(float(case.get("time", 0)) for case in mine)
    return Row(service, gate, bool(counts["passed"]) and not bad, seconds, detail or "no test")


def _gate_of(case: ET.Element) -> str | None:
    properties = case.iterfind("properties/property")
    return next((each.get("value") for each in properties if each.get("name") == "gate"), None)


def print_table(rows: Sequence[Row]) -> None:
    """Print the table, and add it to the summary of a GitHub job."""
    width = max(len(row.service) for row in rows)
    for row in rows:
        outcome = "green" if row.green else "RED"
        print(
            f"{row.service:{width}}  {row.gate:12} {outcome:5} {row.seconds:6.1f} s  {row.detail}"
        )
    sys.stdout.flush()
    append_to_job_summary(
        [
            "| service | gate | | seconds | |",
            "|---|---|---|---:|---|",
            *(
                f"| {row.service} | {row.gate} | {'green' if row.green else 'RED'} "
                f"| {row.seconds:.1f} | {row.detail} |"
                for row in rows
            ),
        ]
    )


def append_to_job_summary(lines: Sequence[str]) -> None:
    """Add Markdown to the summary page of a GitHub job; elsewhere nothing happens."""
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n\n")
