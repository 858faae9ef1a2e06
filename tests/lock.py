"""Locks the newest libraries that fit: for the template, and for the gates.

python lock.py <path of uv>
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from gates.render import ROOT, render


def main(uv: str) -> None:
    """Write template/uv.lock.jinja and tests/gates/uv.lock anew."""
    template = ROOT / "template" / "uv.lock.jinja"
    with tempfile.TemporaryDirectory() as scratch:
        service = Path(scratch, "orders")
        render(service, {"service": "orders"})
        subprocess.run([uv, "lock", "--upgrade", f"--project={service}"], check=True)
        locked = (service / "uv.lock").read_text(encoding="utf-8")
    name = 'name = "{{ distribution }}"'
    templated, count = re.subn('^name = "orders"$', name, locked, flags=re.MULTILINE)
    assert count == 1, "the lock names the service once"
    template.write_text(templated, encoding="utf-8")
    subprocess.run([uv, "lock", "--upgrade", f"--project={ROOT / 'tests/gates'}"], check=True)


if __name__ == "__main__":
    main(sys.argv[1])
