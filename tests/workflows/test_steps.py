"""The steps of the workflows do what they should: here, and in a repository that calls ours."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from copies import copy_repository
from gates.render import render
from workflows.steps import Runner, StepError

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setenv("PLUMBLINE_BRIEF", "true")  # steps are tested here, not the service
    return Runner(tmp_path / "repository", tmp_path)


def commit(repository: Path) -> None:
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "-qm", "A change"]):
        subprocess.run(["git", *command], cwd=repository, check=True)


def plan(runner: Runner, base: str) -> dict[str, str]:
    """Return what the other jobs of ci.yml know from the first: the values of expressions."""
    known = runner.run("ci.yml", "plan", github_event_before=base)
    return {f"needs_plan_outputs_{name}": value for name, value in known.items()}


def gates(runner: Runner, service: str, merge: str) -> Path:
    """Run gates.yml on the Python that runs these tests; return what it has uploaded."""
    inputs = {"service": service, "python": RUNNING, "merge_coverage": merge}
    runner.run("gates.yml", "gates", **{f"inputs_{name}": text for name, text in inputs.items()})
    return runner.artefacts / f"coverage-{service}-{RUNNING}" / f"{service}-{RUNNING}"


def test_ci_plans_runs_gates_merges_coverage_and_runs_sessions(runner: Runner) -> None:
    commit(copy_repository(runner.repository))
    (runner.repository / "services/catalog/changed.txt").touch()
    commit(runner.repository)

    known = plan(runner, "HEAD~1")
    jobs = json.loads(known["needs_plan_outputs_matrix"])["include"]
    assert {job["service"] for job in jobs} == {"catalog"}
    assert {"service": "catalog", "python": RUNNING} in jobs
    assert "drift" in known["needs_plan_outputs_sessions"].split()
    assert "workflows" not in known["needs_plan_outputs_sessions"].split()

    data = gates(runner, "catalog", merge="true")
    assert not (data / "html").exists()
    assert "layer of" not in runner.summary.read_text()

    known["needs_plan_outputs_python"] = RUNNING
    other = runner.artefacts / "coverage-catalog-other" / "catalog-3.other"
    other.mkdir(parents=True)
    [sqlite] = data.glob("*.data")
    sqlite = sqlite.rename(other / sqlite.name)
    runner.run("ci.yml", "coverage", **known)
    merged = f"catalog-{RUNNING}-postgres, catalog-3.other"
    assert f"layer of {merged}" in runner.summary.read_text()
    assert (runner.artefacts / "coverage" / "catalog" / "html" / "index.html").is_file()

    sqlite.unlink()
    [postgres] = data.with_name(f"{data.name}-postgres").glob("*.data")
    postgres.rename(postgres.with_name("unit.data"))
    missing = "concurrency, integration, migration"
    with pytest.raises(StepError, match=f"newer than the code: run {missing} first"):
        runner.run("ci.yml", "coverage", **known)

    known["needs_plan_outputs_sessions"] = "workflows matrix"  # the others take minutes
    runner.run("ci.yml", "repository", **known)


def test_a_repository_elsewhere_gets_the_same_from_our_gates(runner: Runner) -> None:
    render(runner.repository, {"service": "orders", "kind": "standalone"})
    commit(runner.repository)

    known = plan(runner, "")
    assert known["needs_plan_outputs_coverage"] == "coverage(plumbline) coverage(orders)"
    assert known["needs_plan_outputs_sessions"] == "workflows drift"

    data = gates(runner, "orders", merge="false")
    assert (data / "html" / "index.html").is_file()
    assert "| repository | 100.00 % | at least 90 % | green |" in runner.summary.read_text()
