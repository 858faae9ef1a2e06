"""A folder that is gone afterwards, even when this process is killed before it could clear up.

Nox gives an interrupted program half a second, and deleting an environment can take longer.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

DELETE_AT_THE_END: Final = "import shutil, sys; sys.stdin.read(); shutil.rmtree(sys.argv[1])"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder; another process deletes it when the pipe between the two is closed."""
    folder = tempfile.mkdtemp(prefix="plumbline-bench-")
    command = [sys.executable, "-c", DELETE_AT_THE_END, folder]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):
        yield Path(folder)
