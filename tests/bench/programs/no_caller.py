"""Identity with two more routes, without authentication: the query of `/me`, and a constant.

They stand beside `/me` in the same application, with the same middleware, schema and header.
"""

# mypy: disable-error-code="import-not-found,untyped-decorator"
# The libraries are those of the service's environment, mypy's are those of the repository's.

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI
from identity.main import production
from identity.modules.users import UserRead, UserService
from identity.peer import no_store
from plumbline.http import ReadSession, require_same_origin
from uuid_utils.compat import uuid7

ROW = UserRead(id=uuid7(), email="me@example.org", created_at=datetime.now(UTC))

router = APIRouter(dependencies=[Depends(require_same_origin), Depends(no_store)])


@router.get("/no-caller/{key}")
async def read_user(key: UUID, session: ReadSession) -> UserRead:
    """What `/me` does with its caller."""
    return UserRead.model_validate(await UserService(session).get(key))


@router.get("/constant")
async def read_constant() -> UserRead:
    """What no database is needed for."""
    return ROW


def app() -> FastAPI:
    """For uvicorn's `--factory`."""
    service = production()
    service.include_router(router)
    return service
