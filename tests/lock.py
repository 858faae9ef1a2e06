"""Locks the template for the platform's dependencies, and with `--upgrade` the newest libraries.

python lock.py <path of uv> [--upgrade]
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from gates.render import ROOT, render

PLATFORM = "../../template/plumbline"


def main(uv: str, *options: str) -> None:
    """Write template/uv.lock.jinja, and when upgrading the locks of the platform and the gates."""
    if options:
        for folder in ("template/plumbline", "tests/gates"):
            subprocess.run([uv, "lock", *options, f"--project={ROOT / folder}"], check=True)
    template = ROOT / "template" / "uv.lock.jinja"
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "template").symlink_to(ROOT / "template")
        service = Path(scratch, "services", "catalog")
        render(service, {"service": "catalog", "platform": PLATFORM, "kind": "service"})
        subprocess.run([uv, "lock", *options, f"--project={service}"], check=True)
        locked = (service / "uv.lock").read_text(encoding="utf-8")
    name = 'name = "{{ distribution }}"'
    templated, count = re.subn('^name = "catalog"$', name, locked, flags=re.MULTILINE)
    assert count == 1, "the lock names the service once"
    templated = templated.replace(f'"{PLATFORM}"', '"{{ platform }}"')
    template.write_text(templated, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
