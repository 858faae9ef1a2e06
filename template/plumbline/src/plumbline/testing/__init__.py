"""The test kit: a pytest plugin with the fixtures of every test, and tests for every service.

A service's `conftest.py` names it, and says which service it is:

    pytest_plugins = ["plumbline.testing", *SERVICE.modules.fixtures()]

    @pytest.fixture(scope="session")
    def plumbline_service() -> Service[Settings]:
        return SERVICE

Imports nothing else, as pytest has to rewrite the assertions of all that is below first; it may
have been imported before, by `-p`: PYTEST_DONT_REWRITE.
"""

import pytest

pytest.register_assert_rewrite(__name__)

pytest_plugins = [f"{__name__}.plugin", f"{__name__}.duration"]
