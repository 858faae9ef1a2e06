"""Shows where a service is no longer what the template renders for its answers.

    python drift.py <service> …

A file that `copier.yml` lists under `_skip_if_exists` is seeded: the team's own once it is
rendered. Every other rendered file is the template's, and must be the same, byte for byte.
"""

import difflib
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gates.render import ANSWERS, ROOT, recorded, render


def drifted(service: Path) -> list[str]:
    """A text for each file of the template's that is missing, differs, or has another mode."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch, service.name)
        seeded = render(fresh, recorded(service / ANSWERS))
        rendered = {path.relative_to(fresh) for path in fresh.rglob("*") if path.is_file()}
        return [
            text
            for path in sorted(rendered - seeded - {Path(ANSWERS)})
            if (text := _difference(service / path, fresh / path))
        ]


def _difference(ours: Path, fresh: Path) -> str:
    name = ours.relative_to(ROOT) if ours.is_relative_to(ROOT) else ours
    if not ours.is_file():
        return f"{name} is missing.\n"
    if ours.stat().st_mode & 0o111 != fresh.stat().st_mode & 0o111:
        return f"{name} is executable on one side only.\n"
    if ours.read_bytes() == fresh.read_bytes():
        return ""
    template, service = (
        path.read_text("utf-8", "replace").splitlines(keepends=True) for path in (fresh, ours)
    )
    diff = difflib.unified_diff(template, service, f"template: {name}", f"service: {name}")
    return "".join(diff)


def main(names: list[str]) -> str | None:
    """Print what drifted; gives the reason to fail."""
    found = [text for name in names for text in drifted(ROOT / "services" / name)]
    print("\n".join(found), end="")
    if found:
        return f"{len(found)} files drifted: undo the change, or make it in template/."
    print(f"As the template renders them: {', '.join(names)}.")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
