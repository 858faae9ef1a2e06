"""Starts a server on a free loopback port, and loads it from another process."""

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from subprocess import Popen
from tempfile import NamedTemporaryFile
from time import monotonic, sleep
from typing import Final, NamedTuple

from .commands import FaultError, started
from .workbench import Workbench

START_TIMEOUT: Final = 30  # seconds until a server is up
HEADERS: Final = ("Host: 127.0.0.1", "Content-Type: application/json")


class Clients(NamedTuple):
    """So many that each pause for so many seconds on average before they send a request."""

    many: int
    requests: list[str]
    pause: float = 0


@dataclass(frozen=True)
class Load:
    """What became of some requests: the seconds for all, the milliseconds of each.

    `answers` are those that each client got: it sent its next request when it had the answer.
    `spread` are the connections of each worker that got any, where the system shows it.
    """

    seconds: float
    milliseconds: list[float]
    outcomes: Counter[str]
    answers: list[int]
    spread: list[int]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.milliseconds) / self.seconds

    @property
    def fairness(self) -> float:
        """The answers of the client that got the fewest, over those of the one with the most."""
        return min(self.answers) / max(self.answers)


def percentile(percent: int, milliseconds: list[float]) -> float:
    """What so many of a hundred took at most."""
    return quantiles(milliseconds, n=100, method="inclusive")[percent - 1]


def rate_of(loads: Sequence[Load]) -> float:
    """The requests a second of the median round."""
    return median(found.rate for found in loads)


def times_of(loads: Sequence[Load]) -> list[float]:
    """The milliseconds of each request of all rounds."""
    return [time for found in loads for time in found.milliseconds]


def latencies(milliseconds: list[float]) -> str:
    """Half of the requests took at most p50, all but one of a hundred at most p99."""
    p50, p99 = (percentile(percent, milliseconds) for percent in (50, 99))
    return f"p50 {p50:.1f} ms, p99 {p99:.1f} ms"


@contextmanager
def serve(
    bench: Workbench,
    app: str,
    *how: str,
    workers: int = 1,
    **settings: str | Path,
) -> Iterator[int]:
    """Run uvicorn with so many workers until the block ends; gives its port."""
    uvicorn = [str(bench.programs / "python"), "-m", "uvicorn", "--port=0"]
    with (
        NamedTemporaryFile("w", dir=bench.folder, suffix=".log") as output,
        started(
            *uvicorn,
            f"--workers={workers}",
            app,
            *how,
            folder=bench.service,
            env=bench.variables(**settings),
            output=output,
        ) as process,
    ):
        yield _port(process, Path(output.name), workers)


def _port(server: Popen[str], log: Path, workers: int) -> int:
    """Wait until each worker has started. Raises `FaultError` when one does not."""
    end = monotonic() + START_TIMEOUT
    while server.poll() is None and monotonic() < end:
        written = log.read_text(encoding="utf-8")
        port = re.search(r"running on http://[\d.]+:(\d+)", written)
        if port and written.count("Application startup complete") == workers:
            return int(port[1])
        sleep(0.02)
    sys.stderr.write(log.read_text(encoding="utf-8"))
    raise FaultError(f"A server did not start within {START_TIMEOUT} seconds: see above.")


def get(path: str, *more: str) -> str:
    """A request in the words of HTTP, with more headers such as `Cookie: …`."""
    return _words("GET", path, *more)


def post(path: str, body: object, *more: str) -> str:
    """A request with a JSON body, in the words of HTTP."""
    content = json.dumps(body)
    return _words("POST", path, *more, f"Content-Length: {len(content)}") + content


def _words(method: str, path: str, *more: str) -> str:
    lines = [f"{method} {path} HTTP/1.1", *HEADERS, *more]
    return "\r\n".join([*lines, "", ""])


def load(bench: Workbench, port: int, requests: Iterable[str], *, clients: int) -> Load:
    """Send each request once, over as many keep-alive connections as there are clients."""
    (found,) = loads(bench, port, Clients(clients, [*requests]))
    return found


def loads(bench: Workbench, port: int, *several: Clients, seconds: float = 0) -> list[Load]:
    """Several loads at once; with `seconds`, so long, and each request as often as it comes."""
    found = bench.ask("load", port, str(seconds), given=json.dumps(several))["loads"]
    return [Load(**each | {"outcomes": Counter(each["outcomes"])}) for each in found]


def require(outcome: str, found: Load, what: str) -> None:
    """Raise `FaultError` unless all requests ended like this: a status such as 201."""
    if others := {key: count for key, count in found.outcomes.items() if key != outcome}:
        all_of_them = found.outcomes.total()
        raise FaultError(f"{sum(others.values())} of {all_of_them} {what} failed: {others}.")
