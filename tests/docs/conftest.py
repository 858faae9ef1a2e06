"""One copy of the repository for all journeys, in which each begins as the README leaves it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from copies import copy_repository
from docs.markdown import ROOT, blocks
from docs.worked import sh

ORDERS = "services/orders"


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that has just been cloned."""
    return copy_repository(tmp_path_factory.mktemp("journey") / "plumbline")


@pytest.fixture(scope="session")
def made_by_readme(clone: Path) -> str:
    """What the README's first command prints; it has made `services/orders`."""
    printed = sh(blocks(ROOT / "README.md", "sh")[0].strip(), clone)
    shutil.copytree(clone / ORDERS, clone.parent / "orders")
    return printed


@pytest.fixture
def repository(
    clone: Path, made_by_readme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The clone as the README's first command leaves it; all else is committed.

    Environments and caches stay, whatever a journey before has done with the rest.
    """
    assert made_by_readme
    monkeypatch.delenv("CI", raising=False)  # there, a missing Python would be an error
    monkeypatch.setenv("PLUMBLINE_BRIEF", "1")  # the gates send fewer requests, as in `nox -s new`
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    settings = "[user]\nname = Ada\nemail = ada@example.org\n[init]\ndefaultBranch = main\n"
    (tmp_path / "gitconfig").write_text(settings, encoding="utf-8")
    if (first := clone.parent / "git").exists():
        shutil.rmtree(clone / ".git", ignore_errors=True)
        shutil.copytree(first, clone / ".git")
        sh("git reset --quiet --hard && git clean -ffdxq --exclude=.nox --exclude=.venv", clone)
    else:
        shutil.rmtree(clone / ORDERS)
        sh("git init --quiet && git add . && git commit --quiet -m All", clone)
        shutil.copytree(clone / ".git", first)
    shutil.rmtree(clone / ORDERS, ignore_errors=True)
    shutil.copytree(clone.parent / "orders", clone / ORDERS)
    yield clone
    for made in ("our-services", "billing"):
        shutil.rmtree(clone.parent / made, ignore_errors=True)
