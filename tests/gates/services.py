"""The platform and the services of this repository, discovered automatically."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2].resolve()
STATE = ROOT / ".nox"
REPOSITORY = "repository"  # the gates' own environment, and the files around services
PLATFORM = "plumbline"


def find_platform(root: Path) -> Path | None:
    """Return where the platform is: at the root, or below template/ beside the template."""
    places = (root / PLATFORM, root / "template" / PLATFORM)
    return next((place for place in places if (place / "pyproject.toml").is_file()), None)


def find_services(root: Path) -> dict[str, Path]:
    """Return each service by name: in `services/`, or alone in a repository of its own."""
    if (root / "pyproject.toml").is_file():
        return {_project_name(root): root}
    found = sorted(root.glob("services/*/pyproject.toml"))
    return {path.parent.name: path.parent for path in found}


def find_projects(root: Path) -> dict[str, Path]:
    """Return all that has gates of its own: the platform, then the services."""
    platform = find_platform(root)
    return ({PLATFORM: platform} if platform else {}) | find_services(root)


def _project_name(folder: Path) -> str:
    import tomllib  # noqa: PLC0415 - a monorepo has no need of it

    try:
        return str(tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["name"])
    except (tomllib.TOMLDecodeError, KeyError) as error:
        sys.exit(f"pyproject.toml does not name the service, fix it: {error}.")


SERVICES = find_services(ROOT)
PROJECTS = find_projects(ROOT)


def list_services() -> str:
    """Return the names of the services, or how to make the first."""
    names = ", ".join(SERVICES)
    return f"there are: {names}" if names else "there is none yet, make one: nox -s new -- orders"


def typed_sources(folder: Path) -> list[Path]:
    """Return what is type-checked; not the gates, which stand in `tests` of a single service."""
    gates = ("unit", "integration", "migrations", "concurrency", "contract", "sample")
    names = ("src", *(f"tests/{gate}" for gate in gates), "conftest.py")
    return [path for name in names if (path := folder / name).is_file() or any(path.rglob("*.py"))]
