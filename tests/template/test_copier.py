"""`copier copy` alone renders a service, wherever the template is, and never asks for trust."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gates.render import ANSWERS, ROOT, files_in

from .conftest import call

TEMPLATE = ROOT / "template"
FILES = list(files_in(TEMPLATE))  # without caches
README = Path("template", "{% if kind != 'monorepo' %}README.md{% endif %}.jinja")
DOCKERFILE = Path("template", "Dockerfile.jinja")  # the template's
PLATFORM = Path("template", "plumbline", "src", "plumbline")  # the same
APP = Path("template", "src", "{{package}}", "app.py.jinja")  # the team's


def copier(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Copier without questions."""
    action, *rest = arguments
    return call(folder, sys.executable, "-m", "copier", action, "--defaults", *rest, env={})


def git(folder: Path, *arguments: str) -> str:
    """Run git, which must succeed; gives what it prints."""
    done = call(folder, "git", *arguments, env={})
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(folder: Path, tag: str = "") -> None:
    """Commit everything in a folder, which becomes a repository if it is none."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=All")
    if tag:
        git(folder, "tag", tag)


def add_line(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def answers(service: Path) -> dict[str, str]:
    """What Copier recorded, its own notes included."""
    found = yaml.safe_load((service / ANSWERS).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def was_rendered(service: Path, done: subprocess.CompletedProcess[str]) -> bool:
    """Whether the service is there, and nothing but it was talked about."""
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert answers(service)["resources"] == "orders"
    return (service / "src/orders/app.py").is_file() and (service / "uv.lock").is_file()


def test_a_plain_copy_of_the_tree_renders(repository: Path) -> None:
    done = copier(repository, "copy", ".", "services/orders")

    assert was_rendered(repository / "services/orders", done)
    assert answers(repository / "services/orders")["_src_path"] == "."


def test_whoever_renders_is_told_what_to_do_next(repository: Path) -> None:
    done = copier(repository, "copy", ".", "services/orders")

    for command in ("uv run pytest", "uv run alembic upgrade head", "python -m orders.main"):
        assert command in done.stderr


def test_a_repository_without_a_tag_renders(repository: Path) -> None:
    commit(repository)

    done = copier(repository, "copy", ".", "services/orders")

    assert was_rendered(repository / "services/orders", done)
    assert git(repository, "cat-file", "-t", answers(repository / "services/orders")["_commit"])


def test_a_repository_with_changes_renders_them(repository: Path) -> None:
    commit(repository)
    add_line(repository / DOCKERFILE, "# not committed")

    done = copier(repository, "copy", ".", "services/orders")

    assert was_rendered(repository / "services/orders", done)
    assert "# not committed" in (repository / "services/orders/Dockerfile").read_text()


@pytest.mark.parametrize(
    ("options", "version", "newest"),
    [([], "v0.1.0", False), (["--vcs-ref=HEAD"], "v0.1.0-1-g", True)],
)
def test_a_tagged_repository_renders_the_tag_unless_told_otherwise(
    repository: Path,
    options: list[str],
    version: str,
    *,
    newest: bool,
) -> None:
    commit(repository, "v0.1.0")
    add_line(repository / DOCKERFILE, "# newer than the tag")
    commit(repository)

    done = copier(repository, "copy", *options, ".", "services/orders")

    assert was_rendered(repository / "services/orders", done)
    assert answers(repository / "services/orders")["_commit"].startswith(version)
    dockerfile = (repository / "services/orders/Dockerfile").read_text()
    assert ("# newer than the tag" in dockerfile) is newest


def test_a_url_renders_into_a_folder_elsewhere(repository: Path, tmp_path: Path) -> None:
    commit(repository, "v0.1.0")
    url = f"git+file://{repository}"

    done = copier(tmp_path, "copy", url, "orders")

    assert was_rendered(tmp_path / "orders", done)
    assert answers(tmp_path / "orders").items() >= {"_src_path": url, "_commit": "v0.1.0"}.items()


def test_a_bad_name_ends_with_one_clear_sentence_and_leaves_nothing(repository: Path) -> None:
    done = copier(repository, "copy", "--data=service=json", ".", "services/orders")

    assert done.returncode != 0
    assert "choose another one, such as 'json-service'." in done.stderr.splitlines()[-1]
    assert not (repository / "services/orders").exists()


def change_the_template(repository: Path) -> None:
    """Release 0.2.0: one more file of the template's, and changes in both kinds of files."""
    (repository / PLATFORM / "brand_new.py").write_text('"""New."""\n')
    add_line(repository / PLATFORM / "app.py", "# of the next release")
    add_line(repository / DOCKERFILE, "# of the next release")
    add_line(repository / APP, "# of the next release")
    add_line(repository / README, "Of the next release.")
    commit(repository, "v0.2.0")


def change_the_service(service: Path) -> None:
    """What a team does: it edits and deletes seeded files, and adds its own."""
    add_line(service / "README.md", "Of the team.")
    (service / "tests/integration/test_orders_flow.py").unlink()
    (service / "src/orders/modules/orders/test_service.py").unlink()
    (service / "src/orders/rules.py").write_text('"""Of the team."""\n')
    if (service / "plumbline").is_dir():
        (service / "plumbline/added.py").write_text('"""Of the team."""\n')


@pytest.mark.parametrize("place", ["in the template's repository", "elsewhere"])
def test_an_update_brings_the_templates_files_and_leaves_the_teams(
    repository: Path,
    tmp_path: Path,
    place: str,
) -> None:
    commit(repository, "v0.1.0")
    if place == "elsewhere":
        home, name, source = tmp_path, "orders", f"git+file://{repository}"
    else:
        home, name, source = repository, "services/orders", "."
    service = home / name
    assert was_rendered(service, copier(home, "copy", source, name))
    change_the_service(service)
    commit(home)
    change_the_template(repository)

    updated = copier(home, "update", name)

    assert updated.returncode == 0, updated.stderr
    assert git(home, "ls-files", "--unmerged") == ""
    assert answers(service)["_commit"] == "v0.2.0"
    assert "# of the next release" in (service / "Dockerfile").read_text()
    assert "next release" not in (service / "src/orders/app.py").read_text()
    platform = service / "plumbline"
    assert platform.exists() is (place == "elsewhere")
    if platform.exists():
        assert "next release" in (platform / "src/plumbline/app.py").read_text()
        assert (platform / "src/plumbline/brand_new.py").is_file()
        assert (platform / "added.py").is_file()
    assert (service / "README.md").read_text().endswith("Of the team.\n")
    assert not (service / "tests/integration/test_orders_flow.py").exists()
    assert not (service / "src/orders/modules/orders/test_service.py").exists()
    assert (service / "src/orders/rules.py").is_file()


def test_a_service_rendered_without_a_tag_can_be_updated(repository: Path, tmp_path: Path) -> None:
    commit(repository)
    service = tmp_path / "orders"
    assert was_rendered(service, copier(tmp_path, "copy", f"git+file://{repository}", "orders"))
    commit(service)
    change_the_template(repository)

    updated = copier(service, "update")

    assert updated.returncode == 0, updated.stderr
    assert "# of the next release" in (service / "Dockerfile").read_text()


def test_a_service_that_nox_has_rendered_can_be_updated(repository: Path) -> None:
    commit(repository)
    service = repository / "services/orders"
    script = repository / "tests/gates/render.py"
    made = call(repository, sys.executable, script, service, "service=orders", env={})
    assert was_rendered(service, made)
    commit(repository)
    change_the_template(repository)

    updated = copier(repository, "update", "services/orders")

    assert updated.returncode == 0, updated.stderr
    assert answers(service)["_commit"] == "v0.2.0"
    assert "# of the next release" in (service / "Dockerfile").read_text()


@pytest.mark.parametrize("unsafe", ["_tasks: [echo]", "_jinja_extensions: [jinja2.ext.do]"])
def test_a_template_that_runs_code_would_be_noticed_above(repository: Path, unsafe: str) -> None:
    text = (repository / "copier.yml").read_text(encoding="utf-8")
    (repository / "copier.yml").write_text(f"{text}\n{unsafe}\n", encoding="utf-8")

    done = copier(repository, "copy", ".", "services/orders")

    assert done.returncode != 0
    assert "unsafe" in done.stderr


def test_the_template_runs_no_code() -> None:
    settings = (ROOT / "copier.yml").read_text(encoding="utf-8")

    assert not re.search(r"^_(tasks|migrations|jinja_extensions)\b", settings, re.MULTILINE)


def test_names_of_files_are_good_on_every_system() -> None:
    paths = [str(path.relative_to(TEMPLATE)) for path in FILES]

    assert not [path for path in paths if set(path) & set('<>:"|?*\\')]
    assert len({path.lower() for path in paths}) == len(paths)


def test_files_have_no_control_flow() -> None:
    assert not [path for path in FILES if "{%" in path.read_text(encoding="utf-8")]


def test_names_of_files_have_few_variables() -> None:
    names = {name for path in FILES for name in re.findall("{{.*?}}", str(path))}

    modules = {"{{resources}}", "{{rest_module}}", "{{bare_module}}"}  # two kinds of them
    assert names == {"{{package}}", "{{_copier_conf.answers_file}}"} | modules
