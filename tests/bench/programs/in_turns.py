"""A pytest plugin that lets test cases take turns, so that a busy moment strikes all of them."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Order by the parameter `turn`, and within a turn as in the file."""
    items.sort(key=lambda item: item.callspec.indices["turn"])
