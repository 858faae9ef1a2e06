"""Settings come from the environment, and a README tells of each."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from .modules import load_settings, module_names, prefix_of
from .settings import PREFIX, Settings


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("{{ package | upper }}_PORT", "9000")

    assert Settings(_env_file=None).port == 9000


def test_a_dotenv_file_decides_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["{{ package | upper }}_PORT=9001", "SOMEBODY_ELSES=1"]
    (tmp_path / ".env").write_text("\n".join(lines))
    monkeypatch.chdir(tmp_path)

    assert Settings().port == 9001


@pytest.mark.parametrize(
    "url",
    ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "sqlite:///x.db", "nonsense"],
)
def test_a_database_must_be_a_file(url: str) -> None:
    with pytest.raises(ValidationError, match="database_url"):
        Settings(_env_file=None, database_url=url)


@pytest.mark.parametrize("nothing", ["", " , "])
def test_no_name_of_a_module_means_all(monkeypatch: pytest.MonkeyPatch, nothing: str) -> None:
    monkeypatch.setenv("{{ package | upper }}_MODULES", nothing)

    assert Settings(_env_file=None).modules is None


def test_modules_are_named_with_commas_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    names = module_names()
    named = " , ".join([*reversed(names), names[0]])
    monkeypatch.setenv("{{ package | upper }}_MODULES", named)

    assert Settings(_env_file=None).modules == tuple(names)


def test_a_module_that_is_not_there_cannot_be_named() -> None:
    sentence = rf"there is no module 'nobody'; there are: {', '.join(module_names())}"

    with pytest.raises(ValidationError, match=sentence):
        Settings(_env_file=None, modules=(*module_names(), "nobody"))


def test_code_can_ask_for_no_module() -> None:
    assert Settings(_env_file=None, modules=()).modules == ()


def test_a_readme_tells_of_every_setting() -> None:
    """That of the service, or one that a module has in its folder."""
    pages = [Path(__file__).parents[2] / "README.md", *Path(__file__).parent.glob("modules/*/*.md")]
    told = "\n".join(page.read_text() for page in pages)

    kinds: list[type[BaseSettings]] = [Settings, *load_settings()]
    for kind in kinds:
        module = kind.__module__.split(".")[-2]
        prefix = PREFIX if kind is Settings else prefix_of(module)
        for name, field in kind.model_fields.items():
            default = "" if field.default is None else f"`{field.default}`"
            row = f"| `{prefix}{name.upper()}` | {default} | {field.description} |"
            assert row in told
