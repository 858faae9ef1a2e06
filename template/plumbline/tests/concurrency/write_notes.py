"""A program for tests: processes that write to one database, and print every commit.

    python write_notes.py <database url> <processes> <rows for each>

Each line of its output is `<pid> <id>`, written once that row is committed.
The first of them is killed half-way, within a transaction.
"""

import asyncio
import os
import signal
import sys
from functools import partial
from uuid import UUID

from plumbline.database import Database
from sample.modules.notes.models import Note
from sample.modules.notes.repository import NoteRepository


async def write(url: str, rows: int, *, dies: bool) -> None:
    """Create the rows, each in a transaction of its own; or die in the middle of one."""
    pid = os.getpid()
    async with Database(url) as database:

        async def create(number: int) -> UUID:
            async with database.write() as session:
                row = Note(title=f"{pid}-{number}", text="")
                await NoteRepository(session).save(row)
                if dies and number == rows // 2:
                    os.kill(pid, signal.SIGKILL)
            return row.id

        for number in range(rows):
            note_id = await database.retry_on_conflict(partial(create, number))
            os.write(1, f"{pid} {note_id}\n".encode())


def main(url: str, processes: int, rows: int) -> int:
    """Fork the writers, wait for them, and count those that failed."""
    writers = []
    for number in range(processes):
        pid = os.fork()
        if pid == 0:
            asyncio.run(write(url, rows, dies=number == 0))
            os._exit(0)
        writers.append(pid)
    return sum(os.waitpid(pid, 0)[1] != 0 for pid in writers)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
