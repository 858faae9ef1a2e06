"""Where the identity service is, and what this service proves itself with there."""

import re
from ipaddress import ip_address

from pydantic import Field, HttpUrl, SecretStr, ValidationInfo, field_validator

from ...settings import ModuleSettings
from .. import prefix_of


class Settings(ModuleSettings):
    """The key can ask about everybody, so it does not leave this machine for all to read."""

    key: SecretStr | None = Field(
        default=None,
        description="What this service proves itself with there:"
        " `python -m identity.modules.introspection.new_key` makes one.",
    )
    plain_http: bool = Field(
        default=False,
        description="Whether another machine may be asked over plain HTTP, as inside a cluster.",
    )
    identity_url: HttpUrl = Field(
        default=HttpUrl("http://127.0.0.1:8001"), description="Where the identity service is."
    )
    seconds: float = Field(default=2.0, gt=0, description="It must answer within this time.")

    @field_validator("key")
    @classmethod
    def _fits_a_header(cls, key: SecretStr | None) -> SecretStr | None:
        if key and not re.fullmatch("[!-~]*", key.get_secret_value()):
            raise ValueError("a key has neither spaces nor letters that are not ASCII")
        return key

    @field_validator("identity_url")
    @classmethod
    def _keeps_secrets(cls, url: HttpUrl, others: ValidationInfo) -> HttpUrl:
        plain = url.scheme == "http" and not _is_here(url.host or "")
        if plain and not others.data.get("plain_http"):
            raise ValueError(
                f"whoever is between here and {url.host} could read keys that are sent over plain"
                f" HTTP: use https, or set {prefix_of('access')}PLAIN_HTTP=true where nobody is"
            )
        return url


def _is_here(host: str) -> bool:
    """Whether what is sent there does not leave this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
