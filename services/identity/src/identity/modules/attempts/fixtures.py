"""Time that a test decides, for the tests of all modules.

* `clock`: stands still until it is told to go on
"""

from collections.abc import Iterator

import pytest
from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory


@pytest.fixture
def clock() -> Iterator[FrozenDateTimeFactory]:
    """The first moment of 2026; `clock.tick` goes on, and `clock.move_to` anywhere."""
    with freeze_time("2026-01-01", real_asyncio=True) as clock:
        assert isinstance(clock, FrozenDateTimeFactory)
        yield clock
