"""A template of a handful of files, with the same kinds of files and renders as the real one.

It is rendered as a service beside it, as a standalone service elsewhere, and as a monorepo with a
service. What does not depend on the real template is tested with this one, which renders fast.
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

OWNED = [
    *("/**", "!/.copier-answers*.yml", "!/start.sh", "!/plumbline/", "!/gates/"),
    *("!/src/*/health.py", "!/src/*/alive.py", "!/src/*/settings.py", "!/src/*/config.py"),
    *("!/src/*/old.py", "!/src/*/new.py", "!/src/*/colour.py", "!/src/*/lab/", "!/src/*/shed/"),
]
LEFT_OUT = """
{% if kind == 'service' %}
/plumbline
{% elif kind == 'monorepo' %}
/**
!/{{ _copier_conf.answers_file }}
!/plumbline/
{% endif %}
"""
QUESTIONS = {
    "kind": {"type": "str", "default": "service"},
    "service": {"type": "str", "default": "orders"},
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
    "plumbline/pyproject.toml": '[project]\nname = "plumbline"\nversion = "1"\n',
    "plumbline/src/plumbline/app.py": "APP = True\n",
    "plumbline/src/plumbline/old.py": "OLD = True\n",
}


def write_questions(root: Path, owned: list[str] = OWNED, **more: dict[str, object]) -> None:
    """Write copier.yml, with some more questions."""
    settings: dict[str, object] = {
        "_subdirectory": "template",
        "_answers_file": ANSWERS,
        "_exclude": [
            "\n".join(["{% if _copier_operation == 'update' %}", *owned, "{% endif %}"]),
            LEFT_OUT,
        ],
        "_skip_if_exists": owned,
    }
    (root / "copier.yml").write_text(yaml.safe_dump(settings | QUESTIONS | more, sort_keys=False))


def make_template(root: Path) -> None:
    """Make the template, in a new repository."""
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
    def platform(self) -> Path:
        """The platform, where it was rendered."""
        return self.root / "plumbline"

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
        """Return what is recorded for the service."""
        return answers(self.service)

    def record(self, **notes: str) -> None:
        """Change what is recorded, of a monorepo's root as well."""
        for folder in {self.service, self.root}:
            if (folder / ANSWERS).is_file():
                changed = yaml.safe_dump(answers(folder) | notes)
                (folder / ANSWERS).write_text("# Of Copier.\n" + changed)

    def copied(self, folder: Path) -> "Home":
        """The same in another folder."""
        upstream = shutil.copytree(self.upstream, folder / "upstream")
        if self.is_one:
            return Home(upstream, upstream, upstream / "services" / "orders", ".")
        root = shutil.copytree(self.root, folder / "team")
        service = root / self.service.relative_to(self.root)
        home = Home(upstream, root, service, f"git+{upstream.as_uri()}")
        home.record(_src_path=home.source)
        git(root, "commit", "--quiet", "--all", "--amend", "--no-edit")
        return home

    def improve(self, tag: str = "") -> None:
        """Change the template in a line of its own, and commit that."""
        add_line(self.template / "health.py", "# newer")
        commit(self.upstream, tag)


def make_home(folder: Path, kind: str) -> Home:
    """Render a service as `copier copy` does, and commit it.

    `beside` is in the template's own repository; a `monorepo` and a `standalone` are elsewhere.
    """
    upstream = folder / "upstream"
    make_template(upstream)
    root = upstream if kind == "beside" else folder / "team"
    service = root if kind == "standalone" else root / "services" / "orders"
    source = str(upstream) if kind == "beside" else f"git+{upstream.as_uri()}"
    if kind == "monorepo":
        render(source, root, "monorepo")
    render(source, service, "standalone" if kind == "standalone" else "service")
    home = Home(upstream, root, service, "." if kind == "beside" else source)
    home.record(_src_path=home.source)
    commit(root)
    return home


def render(source: str, folder: Path, kind: str) -> None:
    """Render the newest commit of a template."""
    data = {"kind": kind}
    copier.run_copy(source, folder, data, vcs_ref="HEAD", defaults=True, quiet=True)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Home]:
    """A home of each kind, that no test may change."""
    folder = tmp_path_factory.mktemp("pristine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPIER_CACHE_DIR", str(folder / "cache"))
        kinds = ("beside", "standalone", "monorepo")
        return {kind: make_home(folder / kind, kind) for kind in kinds}


@pytest.fixture
def home(pristine: dict[str, Home], tmp_path: Path) -> Home:
    """A service in the repository of its template."""
    return pristine["beside"].copied(tmp_path)


@pytest.fixture
def apart(pristine: dict[str, Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A standalone service, in another repository than its template."""
    monkeypatch.setenv("COPIER_CACHE_DIR", str(tmp_path / "cache"))
    return pristine["standalone"].copied(tmp_path)


@pytest.fixture
def monorepo(pristine: dict[str, Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A service in a monorepo, which is another repository than the template's."""
    monkeypatch.setenv("COPIER_CACHE_DIR", str(tmp_path / "cache"))
    return pristine["monorepo"].copied(tmp_path)


@pytest.fixture(params=["in the template's repository", "elsewhere"])
def either(request: pytest.FixtureRequest) -> Home:
    """The first and the second of these."""
    found = request.getfixturevalue("apart" if request.param == "elsewhere" else "home")
    return cast("Home", found)
