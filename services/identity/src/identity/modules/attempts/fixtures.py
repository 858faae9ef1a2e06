"""Frozen time, for the tests of all modules.

* `clock`: time stands still until the test moves it
"""

from collections.abc import Iterator

import pytest
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory


@pytest.fixture
def clock() -> Iterator[FrozenDateTimeFactory]:
    """Freeze time at the start of 2026; `clock.tick` and `clock.move_to` move it."""
    with freeze_time("2026-01-01", real_asyncio=True) as clock:
        assert isinstance(clock, FrozenDateTimeFactory)
        yield clock
