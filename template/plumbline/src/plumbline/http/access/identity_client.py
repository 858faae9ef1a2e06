"""Asks the identity service which caller a credential belongs to.

Each request asks anew and nothing is cached, so a revoked credential is invalid here at once.
"""

import asyncio
import re
from ipaddress import ip_address
from typing import Final

import httpx2
import structlog
from pydantic import (
    BaseModel,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from ...caller import Caller, Carrier
from ...errors import DependencyUnavailable
from ...settings import ModuleSettings

log = structlog.get_logger()

PATH: Final = "/api/v1/auth/introspect"
MAX_LENGTH: Final = 200  # characters of a credential; identity accepts no longer one either
CERTIFICATES: Final = httpx2.create_ssl_context()  # reads files, for which no request should wait
# Identity closes a connection after five idle seconds (uvicorn), so none is used that is near that.
LIMITS: Final = httpx2.Limits(
    max_connections=20, max_keepalive_connections=20, keepalive_expiry=2.0
)
CALLER: Final = TypeAdapter(Caller)  # all fields are required: none is made up


class IdentitySettings(ModuleSettings):
    """Where the identity service is, and the key that this service sends to it.

    The key permits asking about every user, so it is sent over HTTPS or within this machine only.
    """

    key: SecretStr | None = Field(
        default=None,
        description="The key that this service sends to identity:"
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
        plain = url.scheme == "http" and not _is_loopback(url.host or "")
        if plain and not others.data.get("plain_http"):
            raise ValueError(
                f"anyone between here and {url.host} could read keys that are sent over plain HTTP:"
                " use https, or set …_PLAIN_HTTP=true in a network that you trust"
            )
        return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class UnusableAnswer(Exception):
    """The answer of identity says nothing about a credential."""


class _Answer(BaseModel):
    active: bool


class IdentityClient:
    """A client of the identity service; one for an application."""

    def __init__(self, settings: IdentitySettings) -> None:
        self._http = connect(settings)
        self._seconds = settings.seconds
        self._trouble = ""

    async def find_caller(self, carrier: Carrier, secret: str) -> Caller | None:
        """Return the caller, or None for an invalid credential. Raises `DependencyUnavailable`."""
        if len(secret) > MAX_LENGTH:
            return None
        question = {"carrier": carrier, "secret": secret}
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._http.post(PATH, json=question)
            caller = _caller_in(answer)
        except (TimeoutError, httpx2.HTTPError, UnusableAnswer) as error:
            self._log_once(_reason(error))
            message = "The identity service is unavailable; try again."
            raise DependencyUnavailable(message) from error
        self._log_once("")
        return caller

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    def _log_once(self, trouble: str) -> None:
        """Log what is wrong once, until it is something else or over."""
        if trouble and trouble != self._trouble:
            log.error("identity.unavailable", reason=trouble)
        self._trouble = trouble


def connect(settings: IdentitySettings) -> httpx2.AsyncClient:
    """Return an HTTP client; it uses no proxy of the environment, which would read the key."""
    key = settings.key.get_secret_value() if settings.key else ""
    return httpx2.AsyncClient(
        base_url=str(settings.identity_url),
        headers={"Authorization": f"Bearer {key}"} if key else None,
        verify=CERTIFICATES,
        timeout=None,  # for each step; `find_caller` has one for all of them
        limits=LIMITS,
        trust_env=False,
    )


def _caller_in(answer: httpx2.Response) -> Caller | None:
    if answer.status_code == httpx2.codes.UNAUTHORIZED:
        raise UnusableAnswer(
            "it does not accept the key of this service: its introspection must know the digest"
        )
    if answer.status_code != httpx2.codes.OK:
        raise UnusableAnswer(f"it answered {answer.status_code}")
    try:
        is_valid = _Answer.model_validate_json(answer.content).active
        return CALLER.validate_json(answer.content) if is_valid else None
    except ValidationError as error:
        raise UnusableAnswer("its answer names no caller") from error


def _reason(error: Exception) -> str:
    return (
        str(error) if isinstance(error, UnusableAnswer) else f"no answer ({type(error).__name__})"
    )
