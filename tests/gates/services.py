"""The services of this repository, found by looking; no file lists them."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2].resolve()
STATE = ROOT / ".nox"
REPOSITORY = "repository"  # what the gates' own environment, and the files around services, go by


def find_services(root: Path) -> dict[str, Path]:
    """Where each service is, by name: in `services/`, or alone in a repository of its own."""
    if (root / "pyproject.toml").is_file():
        return {_project_name(root): root}
    found = sorted(root.glob("services/*/pyproject.toml"))
    return {path.parent.name: path.parent for path in found}


def _project_name(folder: Path) -> str:
    import tomllib  # noqa: PLC0415 - a monorepo has no need of it

    try:
        return str(tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["name"])
    except (tomllib.TOMLDecodeError, KeyError) as error:
        sys.exit(f"pyproject.toml does not say what the service is called, mend it: {error}.")


SERVICES = find_services(ROOT)


def there_are() -> str:
    """The services by name, or how to make the first."""
    names = ", ".join(SERVICES)
    return f"there are: {names}" if names else "there is none yet, make one: nox -s new -- orders"


def typed_sources(folder: Path) -> list[Path]:
    """What is typed of a service; the gates, which stand in `tests` of one alone, are not its."""
    tests = (f"tests/{gate}" for gate in ("integration", "migrations", "concurrency", "contract"))
    names = ("src", *tests, "conftest.py")
    return [path for name in names if (path := folder / name).is_file() or any(path.rglob("*.py"))]
