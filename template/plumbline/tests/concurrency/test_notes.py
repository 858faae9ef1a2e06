"""The tests of many clients at once that the platform has for services, on notes."""

import pytest
from plumbline.testing.concurrency import *
from plumbline.testing.endurance import *
from plumbline.testing.load import Resource
from sample.resources import NoteResource


@pytest.fixture
def resource() -> type[Resource]:
    return NoteResource
