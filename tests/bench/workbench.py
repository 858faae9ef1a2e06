"""Where the measurements happen: copies in a scratch folder, never the work tree itself."""

import json
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any, Final, Self

from copies import copy_repository
from gates.environment import ENVIRONMENTS, environment_owner
from gates.services import find_platform

from .commands import FaultError, run, variables

PROGRAMS: Final = Path(__file__).with_name("programs")  # they run in the service's environment
SERVICE: Final = "catalog"
PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"


def programs_of(service: str) -> Path:
    """Return those of the environment, own or shared, for the Python that runs this."""
    return ENVIRONMENTS / f"{environment_owner(service, PYTHON)}-{PYTHON}" / "bin"


def require_environment(service: str, programs: Path) -> None:
    """Raise `FaultError` if the service has no environment."""
    if not (programs / "python").exists():
        hint = f'run nox -s "unit({service})" first.'
        raise FaultError(f"{service} has no environment for this Python: {hint}")


@dataclass(frozen=True)
class Workbench:
    """A scratch folder, the programs of the service's environment, how much to do, which service.

    A `quick` run shows that everything works; its figures mean nothing.
    """

    folder: Path
    programs: Path
    quick: bool
    name: str = SERVICE

    def times(self, many: int) -> int:
        """How often to do what a full run does `many` times."""
        return max(2, many // 10) if self.quick else many

    def of(self, service: str) -> Self:
        """One for another service. Raises `FaultError` when that has no environment."""
        programs = programs_of(service)
        require_environment(service, programs)
        folder = self.folder / service
        folder.mkdir()
        return replace(self, folder=folder, programs=programs, name=service)

    @cached_property
    def service(self) -> Path:
        """A copy of the service; its code is imported from there, see `variables`."""
        return self.repository / "services" / self.name

    @cached_property
    def platform(self) -> Path:
        """A copy of the platform, imported from there as well. Raises `FaultError` without one."""
        if (found := find_platform(self.repository)) is None:
            raise FaultError("There is no platform in this repository.")
        return found

    @cached_property
    def repository(self) -> Path:
        """A copy of what git would carry. Raises `FaultError` where there is no git."""
        try:
            return copy_repository(self.folder / "repository")
        except CalledProcessError as error:
            raise FaultError("git cannot list the files to copy: run this in a clone.") from error

    def variables(self, **more: str | Path) -> dict[str, str]:
        """The environment of programs that import the copied service on the copied platform."""
        places = (self.service / "src", self.platform / "src", PROGRAMS)
        return variables(PYTHONPATH=":".join(map(str, places)), **more)

    def ask(
        self, program: str, *arguments: str | int, given: str | None = None, **env: str
    ) -> dict[str, Any]:
        """The JSON that one of our programs prints. Raises `FaultError` when it fails."""
        printed = run(
            self.programs / "python",
            PROGRAMS / f"{program}.py",
            *map(str, arguments),
            folder=self.service,
            env=self.variables(**env),
            given=given,
        )
        result: dict[str, Any] = json.loads(printed)
        return result

    def database(self, name: str) -> Path:
        """A new database, at head."""
        path = self.folder / f"{name}.db"
        url = {f"{self.name.upper()}_DATABASE_URL": f"sqlite+aiosqlite:///{path}"}
        env = self.variables(**url)
        run(self.programs / "alembic", "upgrade", "head", folder=self.service, env=env)
        return path
