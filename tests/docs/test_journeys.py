"""A newcomer's journeys, in copies of the repository: README, tutorial, and pages word by word."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from copies import copy_repository
from docs.markdown import ROOT, blocks

README = ROOT / "README.md"
SERVER = "http://127.0.0.1:8000/health/ready"


def sh(line: str, folder: Path) -> str:
    """What a command prints; it must succeed."""
    script = f"source .venv/bin/activate 2>/dev/null; {line}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_repository(tmp_path_factory.mktemp("journey") / "plumbline")


@pytest.fixture(scope="module")
def made_by_readme(clone: Path) -> str:
    return sh(blocks(README, "sh")[0].strip(), clone)


def test_a_service_that_somebody_has_just_rendered_is_no_part_of_a_journey(
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
def served(clone: Path, made_by_readme: str) -> Iterator[None]:
    assert made_by_readme
    with serving(blocks(ROOT / "docs/tutorial.md", "sh")[1], clone):
        yield


@pytest.mark.usefixtures("served")
def test_the_tutorial_works_word_by_word(clone: Path) -> None:
    tutorial = ROOT / "docs" / "tutorial.md"
    _, _, create, change, red, migrate, prove, _ = blocks(tutorial, "sh")
    module = clone / "services/orders/src/orders/modules/orders"

    assert "201 Created" in sh(create, clone)
    assert re.findall("HTTP/1.1 (200|412)", sh(change, clone)) == ["200", "412"]

    models = module / "models.py"
    description = "    description: Mapped[str] = mapped_column(String(1000))\n"
    add_after(models, description, blocks(tutorial, "python")[0])
    with pytest.raises(AssertionError, match="failed"):
        sh(red, clone)
    sh(migrate, clone)

    schemas = module / "schemas.py"
    add_after(schemas, '    description: Description = ""\n', "    amount: int = 1\n")
    update = "    description: Description = Field(default_factory=str)\n"
    add_after(schemas, update, "    amount: int = Field(default_factory=int)\n")
    add_after(schemas, "    description: str\n", "    amount: int\n")
    assert "RED" not in sh(prove, clone)


def add_after(path: Path, line: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(line) == 1
    path.write_text(text.replace(line, line + new), encoding="utf-8")


@pytest.fixture
def repository(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository that has just been cloned, with what the README's first command has made.

    It stands where that of the page before stood, whose environments serve this one, too.
    """
    monkeypatch.delenv("CI", raising=False)  # there, a missing Python would be an error
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    settings = "[user]\nname = Ada\nemail = ada@example.org\n[init]\ndefaultBranch = main\n"
    (tmp_path / "gitconfig").write_text(settings, encoding="utf-8")
    folder = copy_repository(clone.parent / "page" / "plumbline")
    (folder / ".venv").symlink_to(clone / ".venv")
    if (kept := clone.parent / "kept").exists():
        kept.rename(folder / ".nox")
    else:
        (folder / ".nox").mkdir()
        (folder / ".nox" / "mypy").symlink_to(clone / ".nox" / "mypy")  # else 10 s more
    sh("git init --quiet && git add . && git commit --quiet -m All", folder)
    yield folder
    (folder / ".nox").rename(kept)
    shutil.rmtree(folder.parent)


@pytest.mark.usefixtures("made_by_readme")
@pytest.mark.parametrize(
    "page", ["modules.md", "access.md", "in-step.md", "repositories.md", "ci.md"]
)
def test_the_page_works_word_by_word(repository: Path, page: str) -> None:
    lines = [line for block in blocks(ROOT / "docs" / page, "sh") for line in block.splitlines()]
    with ExitStack() as servers:
        for line in lines:
            command = line.replace("<template>", f"git+{repository.as_uri()}")
            if "nox -s serve" in line:
                servers.enter_context(serving(command, repository))
            elif line.endswith("# red"):
                with pytest.raises(AssertionError, match=r"aborted|failed"):
                    sh(command, repository)
            else:
                sh(command, repository)
