"""Runs a command, and prints the memory of the largest of its processes.

    python peak.py <program> [argument …]

Prints the seconds and the mebibytes. It is small itself: on Linux, what the process that starts
another has needed counts for that one, too.
"""

import json
import subprocess
import sys
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter

UNITS = 1024**2 if sys.platform == "darwin" else 1024  # of ru_maxrss, in a mebibyte

if __name__ == "__main__":
    started = perf_counter()
    subprocess.run(sys.argv[1:], check=True, stdout=sys.stderr)
    seconds = perf_counter() - started
    memory = getrusage(RUSAGE_CHILDREN).ru_maxrss / UNITS
    json.dump({"seconds": seconds, "memory": memory}, sys.stdout)
