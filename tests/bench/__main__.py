"""Measures side by side and prints one table with ratios: `nox -s bench`.

    python tests/bench [name …] [--quick] [--write] [--redraw] [--programs=<folder>]

Without a name it measures everything. Fails when a request fails, a row is lost or a test is red,
never because something was slow.
"""

import argparse
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench import (
    contention,
    driver,
    endpoints,
    growth,
    identity,
    isolation,
    many_tests,
    overhead,
    postgres,
    processes,
    rendering,
    suite,
    writes,
)
from bench.commands import FaultError
from bench.machine import machine, versions
from bench.page import PAGE, redraw, write
from bench.picture import missing
from bench.scratch import scratch_folder
from bench.table import Row, for_the_screen, lines
from bench.workbench import SERVICE, Workbench, programs_of, require_environment

MEASUREMENTS: Final[dict[str, Callable[[Workbench], list[Row]]]] = {
    "isolation": isolation.measure,
    "suite": suite.measure,
    "thousand": many_tests.measure,
    "overhead": overhead.measure,
    "render": rendering.measure,
    "growth": growth.measure,
    "http": endpoints.measure,
    "writes": writes.measure,
    "contention": contention.measure,
    "processes": processes.measure,
    "driver": driver.measure,
    "identity": identity.measure,
    "postgres": postgres.measure,
}


def arguments(given: list[str]) -> argparse.Namespace:
    """Parse them; ends the process with one sentence for a name that there is not."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(MEASUREMENTS))
    parser.add_argument(
        "--quick", action="store_true", help="see that it works; figures say little"
    )
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{PAGE.name}")
    redrawn = "only draw the picture of that table anew"
    parser.add_argument("--redraw", action="store_true", help=redrawn)
    programs = programs_of(SERVICE)
    parser.add_argument("--programs", type=Path, default=programs, help=f"those of {SERVICE}")
    asked = parser.parse_args(given)
    if unknown := set(asked.names) - set(MEASUREMENTS):
        sys.exit(f"There is no {min(unknown)!r} to measure; there are: {', '.join(MEASUREMENTS)}.")
    if asked.write and (asked.names or asked.quick):
        sys.exit("The docs show a whole run: leave out the names and --quick, or --write.")
    return asked


def stop(*_: object) -> None:
    """Leave every block, each of which clears up, and let no second signal disturb that."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.exit("Stopped: no figures.")


def measured(bench: Workbench, names: Iterable[str]) -> tuple[list[tuple[str, ...]], list[str]]:
    """The lines of the table, and in a sentence each what went wrong."""
    table: list[tuple[str, ...]] = []
    faults: list[str] = []
    for name in names:
        started = perf_counter()
        try:
            table += lines(name, MEASUREMENTS[name](bench))
        except FaultError as fault:
            faults.append(f"{name}: {fault}")
        took = perf_counter() - started
        print(f"measured {name} in {took:.0f} s", file=sys.stderr, flush=True)
    return table, faults


def main(given: list[str]) -> str | None:
    """Gives the reason to fail."""
    asked = arguments(given)
    if asked.redraw:
        redraw(PAGE)
        return None
    try:
        require_environment(SERVICE, asked.programs)
    except FaultError as fault:
        return str(fault)
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    with scratch_folder() as folder:
        bench = Workbench(folder, asked.programs, asked.quick)
        about = [machine(), versions(bench)]
        table, faults = measured(bench, asked.names or MEASUREMENTS)
    print("\n" + for_the_screen(table), "", *about, sep="\n", flush=True)
    if asked.write and not faults:
        write(PAGE, table, *about)
    return " ".join([*faults, *missing(table)]) or None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
