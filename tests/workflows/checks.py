"""What no schema knows of a workflow: needs, inputs, names of sessions, pins."""

import functools
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
SESSION = r'(?:"\w[\w-]*\([\w-]+\)"|\w[\w-]*|\$[A-Z]+)'  # the last: as many as the plan names
ARGUMENT = r'(?:"\$[A-Z]+"|\w[\w.-]*)'
NOX = re.compile(
    rf"uvx nox@(?P<version>[\d.]+) --script-mode none(?: -P {ARGUMENT})?"
    rf" -s (?P<sessions>{SESSION}(?: {SESSION})*)(?: --(?: {ARGUMENT})+)?"
)
ACTIONS = {
    "actions/checkout",
    "actions/download-artifact",
    "actions/upload-artifact",
    "astral-sh/setup-uv",
}
OURS = "$/"  # what `uses` begins with for a file of this repository, at the same commit
READ_BY_NOXFILE = {"MERGE_COVERAGE", "TEST_DATABASE_URL"}
COLUMNS = {"service", "python"}  # of the matrix that the plan prints
JUDGE = "re-actors/alls-green"


@dataclass(frozen=True)
class Workflow:
    """The text of a workflow, and what is in it."""

    text: str

    @functools.cached_property
    def whole(self) -> dict[str | bool, Any]:
        """All of it, parsed."""
        return dict(yaml.safe_load(self.text))

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """Its jobs by their ids."""
        return dict(self.whole["jobs"])

    @property
    def steps(self) -> Iterator[dict[str, Any]]:
        """The steps of all jobs."""
        return (step for job in self.jobs.values() for step in job.get("steps", []))

    @property
    def commands(self) -> list[str]:
        """What its steps run."""
        return [step["run"].strip() for step in self.steps if "run" in step]

    @property
    def actions(self) -> list[str]:
        """What its steps and jobs use."""
        return [each["uses"] for each in (*self.jobs.values(), *self.steps) if "uses" in each]

    @property
    def sessions(self) -> list[str]:
        """The Nox sessions that it names."""
        calls = [call for run in self.commands if (call := NOX.fullmatch(run))]
        names = [name.strip('"') for call in calls for name in call["sessions"].split()]
        return [name for name in names if not name.startswith("$")]

    @property
    def inputs(self) -> dict[str, dict[str, Any]]:
        """What it is to be called with; YAML takes `on` for a yes."""
        triggers = self.whole[True]
        called = triggers.get("workflow_call") if isinstance(triggers, dict) else None
        return dict((called or {}).get("inputs", {}))

    @property
    def is_called(self) -> bool:
        """Whether nothing but another workflow starts it."""
        return isinstance(triggers := self.whole[True], dict) and [*triggers] == ["workflow_call"]

    @property
    def calls(self) -> dict[str, "Workflow"]:
        """The workflows of this repository that its jobs call, by the job."""
        paths = {name: job.get("uses", "") for name, job in self.jobs.items()}
        files = {name: ROOT / path[2:] for name, path in paths.items() if path.startswith(OURS)}
        return {name: Workflow(file.read_text("utf-8")) for name, file in files.items()}


@functools.cache
def listed(*options: str) -> frozenset[str]:
    """What Nox lists: the sessions that it runs when it is told none, or those of `options`."""
    nox = [sys.executable, "-m", "nox", "--list", "--json", *options]
    done = subprocess.run(  # noqa: S603 - our own command
        nox, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return frozenset(session["session"] for session in json.loads(done.stdout))


def needed(job: dict[str, Any]) -> list[str]:
    """The ids behind `needs:`, of which YAML may hold one or a list."""
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


# The checks: each gives a complaint for each fault


def needs_of_no_job(workflow: Workflow) -> list[str]:
    """A job that needs what does not exist."""
    return [
        f"{name} needs {need}"
        for name, job in workflow.jobs.items()
        for need in needed(job)
        if need not in workflow.jobs
    ]


def outputs_of_nothing(workflow: Workflow) -> list[str]:
    """An expression on an output that no needed job declares, or on a step that is not there."""
    found = []
    for name, job in workflow.jobs.items():
        steps = {step.get("id") for step in job.get("steps", [])}
        for step in re.findall(r"steps\.([\w-]+)", str(job)):
            found += [f"{name} reads step {step}"] if step not in steps else []
        for need, output in re.findall(r"needs\.([\w-]+)\.outputs\.([\w-]+)", str(job)):
            declared = workflow.jobs.get(need, {}).get("outputs", {})
            if need not in needed(job) or output not in declared:
                found.append(f"{name} reads {need}.{output}")
    return found


def sessions_of_no_noxfile(workflow: Workflow) -> list[str]:
    """A session that Nox does not know, with its parameter."""
    return [name for name in workflow.sessions if name not in listed("-k", "True")]


def steps_besides_nox(workflow: Workflow) -> list[str]:
    """A step that is not one call of Nox, nor one of the few actions around it."""
    actions = [uses.partition("@")[0] for uses in workflow.actions]
    known = {*ACTIONS, JUDGE}
    strange = [uses for uses in actions if uses not in known and not uses.startswith(OURS)]
    return [run for run in workflow.commands if not NOX.fullmatch(run)] + strange


def interpolated_commands(workflow: Workflow) -> list[str]:
    """A command into which GitHub pastes text that others may choose."""
    return [run for run in workflow.commands if "${{" in run]


def unpinned_actions(workflow: Workflow) -> list[str]:
    """An action, not of this repository, without a full commit and its version as a comment."""
    with_version = re.compile(r"\buses: (\S+@[0-9a-f]{40}) # v\d+\.\d+\.\d+$", re.MULTILINE)
    pinned = with_version.findall(workflow.text)
    foreign = [uses for uses in workflow.actions if not uses.startswith(OURS)]
    return sorted({uses for uses in foreign if foreign.count(uses) != pinned.count(uses)})


def jobs_without_limits(workflow: Workflow) -> list[str]:
    """A job that may run for hours, or with every permission; a called one has its own limits."""
    return [
        f"{name} has no {key}"
        for name, job in workflow.jobs.items()
        for key in ("timeout-minutes", "permissions")
        if key not in job and not (key == "timeout-minutes" and "uses" in job)
    ]


def permissions_for_all(workflow: Workflow) -> list[str]:
    """Permissions that a job gets without asking."""
    given = workflow.whole.get("permissions")
    return [] if given == {} else [f"permissions: {given}"]


def kept_credentials(workflow: Workflow) -> list[str]:
    """A checkout that leaves the token where all later steps can read it."""
    checkouts = [step for step in workflow.steps if "actions/checkout@" in step.get("uses", "")]
    kept = [step.get("with", {}).get("persist-credentials", True) for step in checkouts]
    return [f"persist-credentials: {value}" for value in kept if value is not False]


def jobs_without_a_judge(workflow: Workflow) -> list[str]:
    """A job that may fail while the one required check is green; the caller judges a called one."""
    if workflow.is_called:
        return []
    for name, job in workflow.jobs.items():
        if any(step.get("uses", "").startswith(JUDGE) for step in job.get("steps", [])):
            sleeps = [] if job.get("if") == "always()" else [f"{name} is not always run"]
            return [each for each in workflow.jobs if each not in {*needed(job), name}] + sleeps
    return [*workflow.jobs]


def skips_of_no_job(workflow: Workflow) -> list[str]:
    """A job that may be skipped, and does not exist."""
    judges = [step for step in workflow.steps if step.get("uses", "").startswith(JUDGE)]
    allowed = [str(step.get("with", {}).get("allowed-skips", "")) for step in judges]
    names = [name for text in allowed for name in re.findall(r"&& '(.+?)'", text)]
    return [job for name in names for job in name.split(", ") if job not in workflow.jobs]


def inputs_that_do_not_fit(workflow: Workflow) -> list[str]:
    """A call without what the called workflow requires, or with what it cannot take."""
    found = []
    for name, called in workflow.calls.items():
        given = workflow.jobs[name].get("with", {})
        required = [key for key, rule in called.inputs.items() if rule.get("required")]
        found += [f"{name} lacks {key}" for key in required if key not in given]
        found += [f"{name} gives {key}" for key in given if key not in called.inputs]
        found += [
            f"{name} gives {key}: {given[key]}"
            for key, rule in called.inputs.items()
            if key in given and rule["type"] == "boolean" and not isinstance(given[key], bool)
        ]
    return found


def inputs_of_nothing(workflow: Workflow) -> list[str]:
    """An expression on an input that is not declared, or an input that nothing reads."""
    read = {*re.findall(r"\binputs\.([\w-]+)", str(workflow.jobs))}
    return sorted(read ^ {*workflow.inputs})


def columns_of_no_matrix(workflow: Workflow) -> list[str]:
    """An expression on a column that the jobs of the plan do not have."""
    read = {*re.findall(r"\bmatrix\.([\w-]+)", str(workflow.jobs))}
    return sorted(read - COLUMNS)


def refused_calls(workflow: Workflow) -> list[str]:
    """A call that GitHub refuses: the called jobs ask for more than the caller grants."""
    return [
        f"{name} does not grant {scope}: {level}"
        for name, called in workflow.calls.items()
        for job in called.jobs.values()
        for scope, level in job["permissions"].items()
        if workflow.jobs[name].get("permissions", {}).get(scope) != level
    ]


def calls_that_cancel_their_caller(workflow: Workflow) -> list[str]:
    """A concurrency group in a workflow that is called: it goes by the caller's name."""
    return ["concurrency"] if workflow.is_called and "concurrency" in workflow.whole else []


def variables_of_nothing(workflow: Workflow) -> list[str]:
    """A variable that a command reads and its step does not set, or the other way round."""
    return [
        name
        for step in workflow.steps
        if "run" in step
        for name in sorted({*re.findall(r"\$([A-Z]+)", step["run"])} ^ {*step.get("env", {})})
        if name not in READ_BY_NOXFILE
    ]


def lists_that_are_no_sessions(workflow: Workflow) -> list[str]:
    """A variable without quotes, which a shell splits, where no list of sessions is meant."""
    loose = re.compile(r"(?<![\"\w])\$[A-Z]+")
    return [
        run
        for run in workflow.commands
        if (found := loose.findall(run)) and not {*found} <= {"$SESSIONS", "$COVERAGE"}
    ]


def data_before_code(workflow: Workflow) -> list[str]:
    """Data that is downloaded before the code: it would be older, and refused."""
    found = []
    for name, job in workflow.jobs.items():
        order = [step.get("uses", "").partition("@")[0] for step in job.get("steps", [])]
        downloads = "actions/download-artifact" in order
        if (
            downloads
            and "actions/checkout" not in order[: order.index("actions/download-artifact")]
        ):
            found.append(name)
    return found


CHECKS: list[Callable[[Workflow], list[str]]] = [
    needs_of_no_job,
    outputs_of_nothing,
    sessions_of_no_noxfile,
    steps_besides_nox,
    interpolated_commands,
    unpinned_actions,
    jobs_without_limits,
    permissions_for_all,
    kept_credentials,
    jobs_without_a_judge,
    skips_of_no_job,
    inputs_that_do_not_fit,
    inputs_of_nothing,
    columns_of_no_matrix,
    refused_calls,
    calls_that_cancel_their_caller,
    variables_of_nothing,
    lists_that_are_no_sessions,
    data_before_code,
]
