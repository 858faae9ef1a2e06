"""The key of a service is kept from others who could read it on its way to identity."""

import pytest
from pydantic import ValidationError
from sample.modules.access.settings import Settings


@pytest.mark.parametrize(
    "url",
    [
        "https://identity.example.org",
        "http://localhost:8001",
        "http://127.0.0.2:8001",
        "http://[::1]:8001",
    ],
)
def test_url_over_https_or_on_this_machine_is_accepted(url: str) -> None:
    assert str(Settings(identity_url=url).identity_url).startswith(url)


@pytest.mark.parametrize(
    "host",
    ["identity.example.org", "identity", "10.0.0.5", "[fe80::1]", "localhost.example.org"],
)
def test_plain_http_to_another_machine_is_refused_unless_permitted(host: str) -> None:
    url = f"http://{host}:8000/"

    with pytest.raises(ValidationError, match=r"could read keys .* set …_PLAIN_HTTP=true"):
        Settings(identity_url=url)
    assert str(Settings(identity_url=url, plain_http=True).identity_url) == url


@pytest.mark.parametrize("url", ["identity", "ftp://identity", "http://", ""])
def test_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="identity_url"):
        Settings(identity_url=url)


@pytest.mark.parametrize("key", ["ids_x ", "ids_x\n", "ids_ä"])
def test_key_that_fits_no_header_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValidationError, match="neither spaces nor") as refused:
        Settings(key=key)

    assert "ids_" not in str(refused.value.errors()[0]["msg"])
