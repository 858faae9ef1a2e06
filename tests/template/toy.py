"""A template of a handful of files, in a repository of its own or around its services.

What does not hang on the real template is tested with this one, which renders in no time.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import copier
import pytest
import yaml

from gates.render import ANSWERS

from .test_copier import add_line, answers, commit, git

SEEDED = ["/README.md", "/pyproject.toml", "/src/*/rules.py"]
QUESTIONS = {
    "service": {"type": "str"},
    "package": {"type": "str", "default": "{{ service }}", "when": False},
}
HEALTH = "def health():\n    return 'up'\n\n\ndef version():\n    return 1\n"
FILES = {
    "{{_copier_conf.answers_file}}.jinja": "# Of Copier.\n{{ _copier_answers | to_nice_yaml }}",
    "README.md.jinja": "# {{ service }}\n",
    "pyproject.toml.jinja": '[project]\nname = "{{ service }}"\n',
    "src/{{package}}/health.py": HEALTH,
    "src/{{package}}/settings.py.jinja": 'NAME = "{{ service }}"\n',
    "src/{{package}}/rules.py": "# a sample\n",
    "src/{{package}}/old.py": "OLD = True\n",
    "start.sh": "#!/bin/sh\nexec serve\n",
}


def write_questions(root: Path, **more: dict[str, object]) -> None:
    """Write copier.yml, with some questions more."""
    settings: dict[str, object] = {
        "_subdirectory": "template",
        "_answers_file": ANSWERS,
        "_exclude": ["\n".join(["{% if _copier_operation == 'update' %}", *SEEDED, "{% endif %}"])],
        "_skip_if_exists": SEEDED,
    }
    (root / "copier.yml").write_text(yaml.safe_dump(settings | QUESTIONS | more))


def make_template(root: Path) -> None:
    """The template, in a new repository."""
    for name, text in FILES.items():
        path = root / "template" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "template/start.sh").chmod(0o755)
    write_questions(root)
    commit(root, "v0.1.0")


@dataclass(frozen=True)
class Home:
    """A service called `orders`, and where its template is."""

    upstream: Path  # the repository of the template
    root: Path  # the repository of the service: the same, or another
    service: Path
    source: str  # `_src_path`

    @property
    def is_one(self) -> bool:
        """Whether template and service are in one repository."""
        return self.root == self.upstream

    @property
    def package(self) -> Path:
        """The code of the service."""
        return self.service / "src" / "orders"

    @property
    def template(self) -> Path:
        """The code of the template."""
        return self.upstream / "template" / "src" / "{{package}}"

    def shown(self, name: str) -> str:
        """How messages call a file of the service."""
        return (self.service / name).relative_to(self.root).as_posix()

    def answers(self) -> dict[str, str]:
        """What is recorded."""
        return answers(self.service)

    def record(self, **notes: str) -> None:
        """Change what is recorded."""
        (self.service / ANSWERS).write_text(
            "# Of Copier.\n" + yaml.safe_dump(self.answers() | notes)
        )

    def copied(self, folder: Path) -> "Home":
        """The same in another folder."""
        upstream = shutil.copytree(self.upstream, folder / "upstream")
        if self.is_one:
            return Home(upstream, upstream, upstream / "services" / "orders", ".")
        root = shutil.copytree(self.root, folder / "team")
        home = Home(upstream, root, root, f"git+{upstream.as_uri()}")
        home.record(_src_path=home.source)
        git(root, "commit", "--quiet", "--all", "--amend", "--no-edit")
        return home

    def improve(self, tag: str = "") -> None:
        """Change the template in a line of its own, and commit that."""
        add_line(self.template / "health.py", "# newer")
        commit(self.upstream, tag)


def make_home(folder: Path, *, apart: bool) -> Home:
    """A service as `copier copy` renders and somebody commits it, with its template or `apart`."""
    upstream = folder / "upstream"
    make_template(upstream)
    root = folder / "team" if apart else upstream
    service = root if apart else root / "services" / "orders"
    source = f"git+{upstream.as_uri()}" if apart else str(upstream)
    data = {"service": "orders"}
    copier.run_copy(source, service, data, vcs_ref="HEAD", defaults=True, quiet=True)
    home = Home(upstream, root, service, source if apart else ".")
    home.record(_src_path=home.source)
    commit(root)
    return home


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Home]:
    """A service in the repository of its template, and one elsewhere, that nobody may change."""
    folder = tmp_path_factory.mktemp("pristine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPIER_CACHE_DIR", str(folder / "cache"))
        return make_home(folder / "one", apart=False), make_home(folder / "two", apart=True)


@pytest.fixture
def home(pristine: tuple[Home, Home], tmp_path: Path) -> Home:
    """A service in the repository of its template."""
    return pristine[0].copied(tmp_path)


@pytest.fixture
def apart(pristine: tuple[Home, Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A service in another repository than its template."""
    monkeypatch.setenv("COPIER_CACHE_DIR", str(tmp_path / "cache"))
    return pristine[1].copied(tmp_path)


@pytest.fixture(params=["in the template's repository", "elsewhere"])
def either(request: pytest.FixtureRequest) -> Home:
    """The one and the other."""
    found = request.getfixturevalue("apart" if request.param == "elsewhere" else "home")
    return cast("Home", found)
