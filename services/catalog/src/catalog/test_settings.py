"""Settings come from the environment, and the README tells of each."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from .settings import Settings


def test_the_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATALOG_PORT", "9000")

    assert Settings(_env_file=None).port == 9000


def test_a_dotenv_file_decides_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["CATALOG_PORT=9001", "SOMEBODY_ELSES=1"]
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


def test_the_readme_tells_of_every_setting() -> None:
    readme = Path(__file__).parents[2].joinpath("README.md").read_text()

    for name, field in Settings.model_fields.items():
        variable = f"CATALOG_{name.upper()}"
        assert f"| `{variable}` | `{field.default}` | {field.description} |" in readme
