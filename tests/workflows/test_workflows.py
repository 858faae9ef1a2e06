"""What no schema knows of the workflows: needs, names of sessions, pins; each check can fail."""

import functools
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from gates import matrix

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob(".github/workflows/*"))
CI = ROOT / ".github/workflows/ci.yml"

SESSION = r'(?:"\w[\w-]*\([\w-]+\)"|\w[\w-]*)'
ARGUMENT = r'(?:"\$[A-Z]+"|\w[\w.-]*)'
NOX = re.compile(
    rf"uvx nox@(?P<version>[\d.]+) --script-mode none(?: -P {ARGUMENT})?"
    rf" -s (?P<sessions>{SESSION}(?: {SESSION})*)(?: --(?: {ARGUMENT})+)?"
)
ACTIONS = {"actions/checkout", "actions/upload-artifact", "astral-sh/setup-uv"}
JUDGE = "re-actors/alls-green"


@dataclass(frozen=True)
class Workflow:
    """The text of a workflow, and what is in it."""

    text: str

    @functools.cached_property
    def whole(self) -> dict[str, Any]:
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
        """The Nox sessions that it runs."""
        calls = [call for run in self.commands if (call := NOX.fullmatch(run))]
        return [name.strip('"') for call in calls for name in call["sessions"].split()]


@functools.cache
def listed(*options: str) -> frozenset[str]:
    """What Nox lists: the sessions that it runs when it is told none, or those of `options`."""
    nox = [sys.executable, "-m", "nox", "--list", "--json", *options]
    printed = subprocess.run(nox, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return frozenset(session["session"] for session in json.loads(printed))


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
    strange = [uses for uses in actions if uses not in {*ACTIONS, JUDGE}]
    return [run for run in workflow.commands if not NOX.fullmatch(run)] + strange


def interpolated_commands(workflow: Workflow) -> list[str]:
    """A command into which GitHub pastes text that others may choose."""
    return [run for run in workflow.commands if "${{" in run]


def unpinned_actions(workflow: Workflow) -> list[str]:
    """An action, not of this repository, without a full commit and its version as a comment."""
    with_version = re.compile(r"\buses: (\S+@[0-9a-f]{40}) # v\d+\.\d+\.\d+$", re.MULTILINE)
    pinned = with_version.findall(workflow.text)
    foreign = [uses for uses in workflow.actions if not uses.startswith("./")]
    return sorted({uses for uses in foreign if foreign.count(uses) != pinned.count(uses)})


def jobs_without_limits(workflow: Workflow) -> list[str]:
    """A job that may run for hours, or with every permission."""
    return [
        f"{name} has no {key}"
        for name, job in workflow.jobs.items()
        for key in ("timeout-minutes", "permissions")
        if key not in job
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
    """A job that may fail while the one required check is green."""
    for name, job in workflow.jobs.items():
        if any(step.get("uses", "").startswith(JUDGE) for step in job.get("steps", [])):
            sleeps = [] if job.get("if") == "always()" else [f"{name} is not always run"]
            return [each for each in workflow.jobs if each not in {*needed(job), name}] + sleeps
    return [*workflow.jobs]


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
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
@pytest.mark.parametrize("check", CHECKS)
def test_our_workflows_have_no_fault(check: Callable[[Workflow], list[str]], file: Path) -> None:
    assert check(Workflow(file.read_text("utf-8"))) == []


# What the workflow shares with the rest of the repository


def ci() -> Workflow:
    """The workflow whose last job is the required check."""
    return Workflow(CI.read_text("utf-8"))


def test_every_workflow_has_the_ending_that_the_schema_check_looks_for() -> None:
    assert CI in FILES
    assert {file.suffix for file in FILES} == {".yml"}


def test_ci_runs_what_nox_runs_by_itself() -> None:
    assert {*ci().sessions} - {"matrix"} == listed()


def test_ci_runs_the_nox_that_is_locked() -> None:
    packages = tomllib.loads((ROOT / "tests/gates/uv.lock").read_text("utf-8"))["package"]
    locked = next(package["version"] for package in packages if package["name"] == "nox")
    called = {call["version"] for run in ci().commands if (call := NOX.fullmatch(run))}
    assert called == {locked}, f"write nox@{locked} into ci.yml"


def test_the_plan_hands_on_all_that_the_matrix_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GITHUB_OUTPUT", raising=False)
    assert matrix.main(tmp_path, []) is None
    names = [line.partition("=")[0] for line in capsys.readouterr().out.splitlines()]

    assert ci().jobs["plan"]["outputs"] == {
        name: f"${{{{ steps.plan.outputs.{name} }}}}" for name in names
    }


# Every check can fail

SHA = "1234567890" * 4
GOOD = f"""\
on: push
permissions: {{}}
jobs:
  plan:
    timeout-minutes: 5
    permissions:
      contents: read
    outputs:
      any: ${{{{ steps.plan.outputs.any }}}}
    steps:
      - uses: actions/checkout@{SHA} # v7.0.1
        with:
          persist-credentials: false
      - id: plan
        env:
          BASE: ${{{{ github.event.before }}}}
        run: uvx nox@2026.10.20 --script-mode none -s matrix -- "$BASE"
  gates:
    needs: plan
    if: needs.plan.outputs.any == 'true'
    timeout-minutes: 5
    permissions: {{}}
    steps:
      - run: uvx nox@2026.10.20 --script-mode none -P 3.12 -s "lint(catalog)" tests
  green:
    needs: [plan, gates]
    if: always()
    timeout-minutes: 5
    permissions: {{}}
    steps:
      - uses: {JUDGE}@{SHA} # v1.2.2
"""

FAULTS = [
    (needs_of_no_job, "needs: plan", "needs: plam", "gates needs plam"),
    (needs_of_no_job, "[plan, gates]", "[plan, gates, docs]", "green needs docs"),
    (outputs_of_nothing, "outputs.any ==", "outputs.all ==", "gates reads plan.all"),
    (outputs_of_nothing, "    needs: plan\n", "", "gates reads plan.any"),
    (outputs_of_nothing, "id: plan", "id: plans", "plan reads step plan"),
    (sessions_of_no_noxfile, " tests", " test", "test"),
    (sessions_of_no_noxfile, "lint(catalog)", "lint(nobody)", "lint(nobody)"),
    (steps_besides_nox, "uvx nox@2026.10.20", "uvx nox", "uvx nox --script-mode"),
    (steps_besides_nox, " --script-mode none", "", "uvx nox@2026.10.20 -s matrix"),
    (steps_besides_nox, " tests\n", " tests && make\n", "tests && make"),
    (steps_besides_nox, "run: uvx", "run: make && uvx", "make && uvx"),
    (steps_besides_nox, "actions/checkout", "tj-actions/all", "tj-actions/all"),
    (interpolated_commands, '"$BASE"', "${{ github.head_ref }}", "github.head_ref"),
    (unpinned_actions, f"checkout@{SHA}", "checkout@v7", "actions/checkout@v7"),
    (unpinned_actions, f"checkout@{SHA}", f"checkout@{SHA[1:]}", f"actions/checkout@{SHA[1:]}"),
    (unpinned_actions, " # v7.0.1", "", f"actions/checkout@{SHA}"),
    (unpinned_actions, " # v7.0.1", " # the newest", f"actions/checkout@{SHA}"),
    (jobs_without_limits, "    timeout-minutes: 5\n", "", "plan has no timeout-minutes"),
    (jobs_without_limits, "    permissions: {}\n", "", "gates has no permissions"),
    (permissions_for_all, "permissions: {}\n", "", "permissions: None"),
    (permissions_for_all, "permissions: {}", "permissions: write-all", "permissions: write-all"),
    (kept_credentials, "credentials: false", "credentials: true", "persist-credentials: True"),
    (kept_credentials, "persist-credentials", "fetch-tags", "persist-credentials: True"),
    (jobs_without_a_judge, "[plan, gates]", "[plan]", "gates"),
    (jobs_without_a_judge, "if: always()", "if: success()", "green is not always run"),
]


@pytest.mark.parametrize("check", CHECKS)
def test_a_good_workflow_gets_no_complaint(check: Callable[[Workflow], list[str]]) -> None:
    assert check(Workflow(GOOD)) == []


@pytest.mark.parametrize(("check", "good", "bad", "complaint"), FAULTS)
def test_a_planted_fault_gets_its_complaint(
    check: Callable[[Workflow], list[str]], good: str, bad: str, complaint: str
) -> None:
    assert good in GOOD

    (found,) = check(Workflow(GOOD.replace(good, bad, 1)))

    assert complaint in found


def test_without_a_judge_every_job_is_told() -> None:
    assert jobs_without_a_judge(Workflow(GOOD.replace(JUDGE, "someone/else"))) == [
        "plan",
        "gates",
        "green",
    ]


def test_every_check_has_a_planted_fault() -> None:
    assert {check for check, *_ in FAULTS} == {*CHECKS}
