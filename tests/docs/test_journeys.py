"""A newcomer's journeys, in copies of the repository: README, tutorial, and pages word by word."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from copies import copy_repository
from docs.markdown import ROOT, blocks, fenced
from docs.worked import follow, is_file, sh, type_line, write

README = ROOT / "README.md"
SERVER = "http://127.0.0.1:8000/health/ready"
PAGES = ("modules.md", "access.md", "in-step.md", "repositories.md", "ci.md")
DONE = "nox -s new -- orders"  # the README's first command ends with it


def test_a_new_service_that_git_does_not_know_is_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    names = ("README.md", "services/catalog/a.py", "services/catalog/new.py", "services/o/b.py")
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    sh("git init --quiet && git add services/catalog/a.py", root)
    monkeypatch.setattr("copies.ROOT", root)

    copied = copy_repository(tmp_path / "copy")

    found = {str(path.relative_to(copied)) for path in copied.rglob("*.*") if path.is_file()}
    assert found == {"README.md", "services/catalog/a.py", "services/catalog/new.py"}


def rows(text: str) -> list[list[str]]:
    """Each line of a summary table without its time: service, gate, outcome, and what passed."""
    lines = [line.split() for line in text.splitlines() if re.search(r"\d s( |$)", line)]
    return [[*line[:3], *line[5:]] for line in lines]


def test_the_readme_shows_what_its_first_command_prints(made_by_readme: str) -> None:
    promised = blocks(README, "text")[0]

    assert rows(made_by_readme) == rows(promised)
    assert promised.splitlines()[-1] in made_by_readme


@contextmanager
def serving(line: str, folder: Path) -> Iterator[None]:
    """A server that is ready when the block begins, and gone when it has ended."""
    script = ["bash", "-c", f"source .venv/bin/activate; {line}"]
    process = subprocess.Popen(script, cwd=folder, start_new_session=True)
    try:
        for _ in range(300):
            try:
                urlopen(SERVER)
                break
            except URLError:
                assert process.poll() is None, "the server has ended"
                time.sleep(0.1)
        yield
    finally:
        subprocess.run(["kill", "-INT", "--", f"-{process.pid}"], check=True)
        process.wait()


@pytest.fixture
def served(repository: Path) -> Iterator[None]:
    with serving(blocks(ROOT / "docs/tutorial.md", "sh")[1], repository):
        yield


@pytest.mark.usefixtures("served")
def test_the_tutorial_works_word_by_word(repository: Path) -> None:
    tutorial = ROOT / "docs" / "tutorial.md"
    _, _, create, change, *_ = blocks(tutorial, "sh")

    assert "201 Created" in sh(create, repository)
    assert re.findall("HTTP/1.1 (200|412)", sh(change, repository)) == ["200", "412"]

    text = tutorial.read_text(encoding="utf-8")
    steps = [*fenced(text[text.index("## Change it") : text.index("## See that green")])]
    assert sum(map(is_file, steps)) == 2
    follow(steps, repository)


@pytest.mark.parametrize("page", PAGES)
def test_the_page_works_word_by_word(repository: Path, page: str) -> None:
    steps = fenced((ROOT / "docs" / page).read_text(encoding="utf-8"))
    with ExitStack() as servers:
        for step in steps:
            if is_file(step):
                write(step, repository)
            lines = step.text.splitlines() if step.language == "sh" else []
            for line in lines:
                command = line.replace("<template>", f"git+{repository.as_uri()}")
                if "nox -s serve" in line:
                    servers.enter_context(serving(command, repository))
                elif line != DONE:
                    type_line(command, repository)
