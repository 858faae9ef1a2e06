"""Our workflows have no fault that the checks know, and each check can find its own."""

import functools
import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from workflows.checks import (
    CHECKS,
    COLUMNS,
    JUDGE,
    NOX,
    ROOT,
    Workflow,
    calls_that_cancel_their_caller,
    columns_of_no_matrix,
    data_before_code,
    inputs_of_nothing,
    inputs_that_do_not_fit,
    interpolated_commands,
    jobs_without_a_judge,
    jobs_without_limits,
    kept_credentials,
    listed,
    lists_that_are_no_sessions,
    needs_of_no_job,
    outputs_of_nothing,
    permissions_for_all,
    refused_calls,
    sessions_of_no_noxfile,
    skips_of_no_job,
    steps_besides_nox,
    unpinned_actions,
    variables_of_nothing,
)

FILES = sorted(ROOT.glob(".github/workflows/*"))
CI = ROOT / ".github/workflows/ci.yml"


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


@functools.cache
def planned() -> dict[str, str]:
    """Return the plan when everything is to be run."""
    nox = [sys.executable, "-m", "nox", "-s", "matrix"]
    printed = subprocess.run(nox, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return dict(line.split("=", 1) for line in printed.splitlines())


def test_ci_runs_what_nox_runs_by_itself() -> None:
    everything = planned()

    assert {*everything["sessions"].split()} == listed() - {"tests", "postgres"}
    assert {*everything["coverage"].split()} <= listed("-k", "True")


def test_the_workflows_are_the_same_in_every_repository() -> None:
    """They name no session or service that only this one has."""
    named = {name for file in FILES for name in Workflow(file.read_text("utf-8")).sessions}
    assert named == {"matrix", "tests", "postgres"}
    assert all("catalog" not in file.read_text("utf-8") for file in FILES)


def test_the_workflows_run_the_nox_that_is_locked() -> None:
    packages = tomllib.loads((ROOT / "tests/gates/uv.lock").read_text("utf-8"))["package"]
    locked = next(package["version"] for package in packages if package["name"] == "nox")
    commands = [run for file in FILES for run in Workflow(file.read_text("utf-8")).commands]
    called = {call["version"] for run in commands if (call := NOX.fullmatch(run))}
    assert called == {locked}, f"write nox@{locked} into .github/workflows"


def test_the_plan_hands_on_all_that_the_matrix_prints() -> None:
    assert ci().jobs["plan"]["outputs"] == {
        name: f"${{{{ steps.plan.outputs.{name} }}}}" for name in planned()
    }


def test_the_jobs_of_the_plan_have_the_columns_that_ci_reads() -> None:
    jobs = json.loads(planned()["matrix"])["include"]
    assert {frozenset(job) for job in jobs} == {frozenset(COLUMNS)}


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
  called:
    needs: plan
    strategy:
      matrix: ${{{{ fromJSON(needs.plan.outputs.any) }}}}
    permissions:
      contents: read
    uses: $/.github/workflows/gates.yml
    with:
      service: ${{{{ matrix.service }}}}
      python: ${{{{ matrix.python }}}}
  merged:
    needs: plan
    timeout-minutes: 5
    permissions: {{}}
    steps:
      - uses: actions/checkout@{SHA} # v7.0.1
        with:
          persist-credentials: false
      - uses: actions/download-artifact@{SHA} # v8.0.1
      - env:
          COVERAGE: ${{{{ needs.plan.outputs.any }}}}
        run: uvx nox@2026.10.20 --script-mode none -s $COVERAGE -- merge
  green:
    needs: [plan, gates, called, merged]
    if: always()
    timeout-minutes: 5
    permissions: {{}}
    steps:
      - uses: {JUDGE}@{SHA} # v1.2.2
        with:
          allowed-skips: ${{{{ needs.plan.outputs.any == 'false' && 'gates, called' || '' }}}}
"""

CHECKOUT = f"""\
      - uses: actions/checkout@{SHA} # v7.0.1
        with:
          persist-credentials: false
"""
CALLED = "on:\n  workflow_call:\n"
FAULTS = [
    (needs_of_no_job, "needs: plan", "needs: plam", "gates needs plam"),
    (needs_of_no_job, "[plan, gates,", "[plan, gates, docs,", "green needs docs"),
    (outputs_of_nothing, "outputs.any ==", "outputs.all ==", "gates reads plan.all"),
    (outputs_of_nothing, "    needs: plan\n    if", "    if", "gates reads plan.any"),
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
    (jobs_without_a_judge, "[plan, gates,", "[plan,", "gates"),
    (jobs_without_a_judge, "if: always()", "if: success()", "green is not always run"),
    (
        inputs_that_do_not_fit,
        "      python: ${{",
        "      merge-coverage: 1\n      python: ${{",
        "called gives merge-coverage: 1",
    ),
    (skips_of_no_job, "'gates, called'", "'gates, docs'", "docs"),
    (inputs_that_do_not_fit, "      python: ${{ matrix.python }}\n", "", "called lacks python"),
    (
        inputs_that_do_not_fit,
        "    with:\n      serv",
        "    with:\n      a: b\n      serv",
        "called gives a",
    ),
    (inputs_of_nothing, "matrix.python", "inputs.python", "python"),
    (
        inputs_of_nothing,
        "on: push\n",
        f"{CALLED}    inputs: {{service: {{type: string}}}}\n",
        "service",
    ),
    (columns_of_no_matrix, "matrix.python", "matrix.version", "version"),
    (
        refused_calls,
        "      contents: read\n    uses",
        "      contents: none\n    uses",
        "contents: read",
    ),
    (variables_of_nothing, '"$BASE"', "main", "BASE"),
    (variables_of_nothing, "-P 3.12", '-P "$PYTHON"', "PYTHON"),
    (calls_that_cancel_their_caller, "on: push\n", f"{CALLED}concurrency: ci\n", "concurrency"),
    (lists_that_are_no_sessions, '"$BASE"', "$BASE", "-s matrix -- $BASE"),
    (
        data_before_code,
        f"{CHECKOUT}      - uses: actions/download",
        "      - uses: actions/download",
        "merged",
    ),
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
        "called",
        "merged",
        "green",
    ]


def test_every_check_has_a_planted_fault() -> None:
    assert {check for check, *_ in FAULTS} == {*CHECKS}
