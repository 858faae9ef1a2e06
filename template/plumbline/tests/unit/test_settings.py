"""Settings come from the environment, or from a `.env` file."""

from pathlib import Path

import pytest
from plumbline.settings import format_errors
from pydantic import ValidationError
from sample.settings import Settings


def test_environment_variable_sets_a_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_PORT", "9000")

    assert Settings(_env_file=None).port == 9000


def test_dotenv_file_sets_a_field_and_may_have_lines_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("SAMPLE_PORT=9001\nOTHER_SETTING=1", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    assert Settings().port == 9001


@pytest.mark.parametrize(
    "url",
    ["sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:", "sqlite:///x.db", "nonsense"],
)
def test_database_url_that_names_no_file_and_no_server_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="database_url"):
        Settings(_env_file=None, database_url=url)


@pytest.mark.parametrize("empty", ["", " , "])
def test_empty_list_of_modules_in_the_environment_means_all(
    monkeypatch: pytest.MonkeyPatch, empty: str
) -> None:
    monkeypatch.setenv("SAMPLE_MODULES", empty)

    assert Settings(_env_file=None).modules is None


def test_modules_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLE_MODULES", " notes , access,notes")

    assert Settings(_env_file=None).modules == ("notes", "access", "notes")


def test_code_can_enable_no_module() -> None:
    assert Settings(_env_file=None, modules=()).modules == ()


def test_each_unusable_variable_is_named_with_its_reason() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, port=-1, database_url="nonsense")

    sentence = format_errors(refused.value, Settings.prefix())
    assert "SAMPLE_PORT: Input should be greater than or equal to 0" in sentence
    assert "SAMPLE_DATABASE_URL: expected sqlite+aiosqlite:///<file>" in sentence
