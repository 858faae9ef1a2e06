"""What a Ctrl-C does to a program: it ends with one sentence, and not in the midst of writing.

Import it before all that takes long to import: that can be interrupted, too.
"""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NoReturn


def _end(*_: object) -> NoReturn:
    """Tell it before clearing up: Nox kills what has not ended after half a second."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("Interrupted: nothing is changed.", file=sys.stderr)
    sys.exit(130)


_is_ours = Path(sys.argv[0]).resolve().parent == Path(__file__).resolve().parent  # no test of it
if _is_ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _end)


@contextmanager
def point_of_no_return() -> Iterator[Callable[[], object]]:
    """Gives what to call when writing begins: from then on, in the block, a Ctrl-C is too late."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    finally:
        signal.signal(signal.SIGINT, before)
