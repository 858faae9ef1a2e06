"""Runs the jobs of a workflow on this machine: their commands as they are, with actions imitated.

What GitHub decides is not imitated: triggers, conditions, permissions, what needs what. Neither
are containers beside a job: the session that would use one starts a server of its own.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from uv import find_uv_bin

EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}", re.DOTALL)
CALLERS_OWN = ("CI", "MERGE_COVERAGE", "NOX", "PYTEST", "PYTHON", "UV_", "VIRTUAL_ENV")
OF_CONTAINERS = {"TEST_DATABASE_URL"}
Step = Mapping[str, Any]


class StepError(Exception):
    """What would have ended the job."""


@dataclass
class Runner:
    """A machine for each job, and what the jobs of a run share: the repository and artefacts."""

    repository: Path
    scratch: Path
    ran: list[str] = field(default_factory=list)

    def run(self, workflow: str, job: str, **values: str) -> dict[str, str]:
        """Run the steps of a job; return the outputs of its steps.

        `values` are those of the expressions: `inputs_service`, `needs_plan_outputs_matrix`.
        """
        text = (self.repository / ".github" / "workflows" / workflow).read_text(encoding="utf-8")
        number = len(self.ran)
        self.ran.append(job)
        machine = Machine(self, self.scratch / f"{number}-{job}", values)
        for step in yaml.safe_load(text)["jobs"][job]["steps"]:
            machine.take(step)
        return machine.outputs

    @property
    def artefacts(self) -> Path:
        """A folder for each artefact that was uploaded."""
        return self.scratch / "artefacts"

    @property
    def summary(self) -> Path:
        """The page that the jobs write for people."""
        return self.scratch / "summary.md"


@dataclass
class Machine:
    """A new one: its work folder, which a checkout fills, and the variables that steps add."""

    runner: Runner
    folder: Path
    values: Mapping[str, str]
    env: dict[str, str] = field(default_factory=dict)

    def take(self, step: Step) -> None:
        """Do what a step says."""
        given = {name: self.evaluated(value) for name, value in step.get("with", {}).items()}
        if "run" in step:
            self.call(step)
        else:
            ACTIONS[step["uses"].partition("@")[0]](self, given)

    def call(self, step: Step) -> None:
        """Run a command in the shell that GitHub takes. Raises `StepError` when it fails."""
        foreign = [name for name in os.environ if name.startswith(CALLERS_OWN)]
        kept = {name: value for name, value in os.environ.items() if name not in foreign}
        given = {name: self.evaluated(value) for name, value in step.get("env", {}).items()}
        own = {name: value for name, value in given.items() if name not in OF_CONTAINERS}
        githubs = {"CI": "true", "GITHUB_STEP_SUMMARY": str(self.runner.summary)}
        githubs["GITHUB_OUTPUT"] = str(self.folder.with_suffix(".outputs"))
        githubs["PATH"] = os.pathsep.join([str(Path(find_uv_bin()).parent), os.environ["PATH"]])
        done = subprocess.run(  # noqa: S603 - our own commands
            ["bash", "-e", "-c", step["run"]],  # noqa: S607 - as GitHub finds it
            cwd=self.folder,
            env=kept | githubs | self.env | own,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise StepError(f"{step['run']}\n{done.stdout}")

    def evaluated(self, value: Any) -> str:  # noqa: ANN401 - whatever YAML holds
        """A value of the workflow as GitHub would hand it to a step."""
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return EXPRESSION.sub(lambda found: self.value(found[1]), text).strip()

    def value(self, expression: str) -> str:
        """Of an expression, which is the first of its names that has one."""
        names = re.split(r"\s*\|\|\s*", expression)
        return next(filter(None, (self.values.get(re.sub(r"\W", "_", name)) for name in names)), "")

    @property
    def outputs(self) -> dict[str, str]:
        """What the steps have put out."""
        page = self.folder.with_suffix(".outputs")
        lines = page.read_text(encoding="utf-8").splitlines() if page.exists() else []
        return dict(line.split("=", 1) for line in lines)

    # The actions

    def checkout(self, given: Mapping[str, str]) -> None:
        """Clone as much as is asked for."""
        depth = given.get("fetch-depth", "1")
        history = [] if depth == "0" else [f"--depth={depth}"]
        source = self.runner.repository.as_uri()
        clone = ["git", "clone", "--quiet", *history, source, str(self.folder)]
        subprocess.run(clone, check=True)  # noqa: S603 - our own command

    def setup_uv(self, given: Mapping[str, str]) -> None:
        """Choose the Python; uv itself is the one that is here."""
        if not (self.folder / given["version-file"]).is_file():
            raise StepError(f"There is no {given['version-file']}")
        self.env["UV_PYTHON"] = given["python-version"]

    def upload(self, given: Mapping[str, str]) -> None:
        """Keep files, by their paths from where the patterns begin to differ from a plain path."""
        patterns = given["path"].splitlines()
        [root] = {pattern.partition("/*")[0] for pattern in patterns}
        found = [path for pattern in patterns for path in self.folder.glob(pattern)]
        if not found:
            raise StepError(f"There are no files {patterns}")
        for path in found:
            target = self.runner.artefacts / given["name"] / path.relative_to(self.folder / root)
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if path.is_dir() else shutil.copyfile)(path, target)

    def download(self, given: Mapping[str, str]) -> None:
        """Unpack artefacts over each other, as `merge-multiple` says, with the time of now."""
        for artefact in self.runner.artefacts.glob(given["pattern"]):
            shutil.copytree(
                artefact,
                self.folder / given["path"],
                copy_function=shutil.copyfile,
                dirs_exist_ok=True,
            )


ACTIONS: dict[str, Callable[[Machine, Mapping[str, str]], None]] = {
    "actions/checkout": Machine.checkout,
    "astral-sh/setup-uv": Machine.setup_uv,
    "actions/upload-artifact": Machine.upload,
    "actions/download-artifact": Machine.download,
}
