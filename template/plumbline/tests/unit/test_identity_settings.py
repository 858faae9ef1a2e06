"""The key of this service is kept from those who could read it on its way."""

import pytest
from pydantic import ValidationError

from .settings import Settings


@pytest.mark.parametrize(
    "url",
    [
        "https://identity.example.org",
        "http://localhost:8001",
        "http://127.0.0.2:8001",
        "http://[::1]:8001",
    ],
)
def test_it_may_go_over_https_or_stay_on_this_machine(url: str) -> None:
    assert str(Settings(identity_url=url).identity_url).startswith(url)


@pytest.mark.parametrize(
    "host",
    ["identity.example.org", "identity", "10.0.0.5", "[fe80::1]", "localhost.example.org"],
)
def test_over_plain_http_it_goes_nowhere_else_unless_that_is_said(host: str) -> None:
    url = f"http://{host}:8000/"

    with pytest.raises(ValidationError, match=r"could read keys .* set \w+_ACCESS_PLAIN_HTTP=true"):
        Settings(identity_url=url)
    assert str(Settings(identity_url=url, plain_http=True).identity_url) == url


@pytest.mark.parametrize("url", ["identity", "ftp://identity", "http://", ""])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="identity_url"):
        Settings(identity_url=url)


@pytest.mark.parametrize("key", ["ids_x ", "ids_x\n", "ids_ä"])
def test_a_key_that_fits_no_header_is_refused_and_not_told(key: str) -> None:
    with pytest.raises(ValidationError, match="neither spaces nor") as refused:
        Settings(key=key)

    assert "ids_" not in str(refused.value.errors()[0]["msg"])
