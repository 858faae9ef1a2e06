"""Says which service the platform's fixtures are for; fixtures of your own go here, too."""

import pytest
from plumbline import Service

from identity.main import SERVICE
from identity.settings import Settings

pytest_plugins = ["plumbline.testing", *SERVICE.modules.fixtures()]


@pytest.fixture(scope="session")
def plumbline_service() -> Service[Settings]:
    """The service under test."""
    return SERVICE
