"""The URL where other services look up the caller of a session or an API key."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from plumbline import Unauthenticated
from plumbline.http import responses, settings_of, verify

from ...peer import no_store
from ...tokens import digest
from .schemas import Introspection, Question
from .settings import Settings

SERVICE_KEY: Final = HTTPBearer(
    scheme_name="service_key", description="A key for services.", auto_error=False
)


async def _require_service_key(
    key: Annotated[HTTPAuthorizationCredentials | None, Security(SERVICE_KEY)],
    settings: Annotated[Settings, Depends(settings_of(Settings))],
) -> None:
    if key is None or digest(key.credentials) not in settings.digests:
        raise Unauthenticated("Send the key of a service.")


router = APIRouter(prefix="/auth", tags=["introspection"], dependencies=[Depends(no_store)])


# POST /api/v1/auth/introspect
@router.post(
    "/introspect",
    dependencies=[Depends(_require_service_key)],
    responses=responses(400, 401, 413, 422),
)
async def introspect(body: Question, request: Request) -> Introspection:
    """Return the caller that a credential belongs to at this moment."""
    caller = await verify(request, body.carrier, body.secret.get_secret_value())
    if caller is None:
        return Introspection(active=False)
    scopes = None if caller.scopes is None else sorted(caller.scopes)
    return Introspection(
        active=True,
        user=caller.user,
        credential=caller.credential,
        scopes=scopes,
        expires_at=caller.expires_at,
    )
