"""The program that creates the key of a service."""

import re

import pytest
from pydantic import ValidationError

from ...tokens import digest
from . import new_key
from .settings import Settings


def test_new_key_prints_the_key_and_its_digest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    new_key.main()

    printed = capsys.readouterr().out
    key, kept = re.findall(r"=(\S+)$", printed, re.MULTILINE)
    assert key.startswith("ids_")
    assert Settings(keys=kept).digests == [digest(key)]
    assert "IDENTITY_INTROSPECTION_KEYS=" in printed


@pytest.mark.parametrize("keys", ["", "nonsense", "ab" * 32 + ",", "ids_key"])
def test_setting_that_is_no_list_of_digests_is_refused(keys: str) -> None:
    with pytest.raises(ValidationError, match="keys"):
        Settings(keys=keys)
