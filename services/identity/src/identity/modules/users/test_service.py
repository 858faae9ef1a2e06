"""The rules, with a real database below."""

from uuid import uuid4

import pytest
from plumbline import Conflict, Unauthenticated
from sqlalchemy.ext.asyncio import AsyncSession

from .models import User
from .service import UserService


@pytest.fixture
def service(session: AsyncSession) -> UserService:
    return UserService(session)


async def test_a_registered_user_is_found(service: UserService) -> None:
    row = await service.register("ann@example.org", "hash")

    assert await service.find("ann@example.org") is row
    assert await service.get(row.id) is row
    assert await service.find("bob@example.org") is None


async def test_an_email_is_registered_once(service: UserService) -> None:
    await service.register("ann@example.org", "hash")

    with pytest.raises(Conflict):
        await service.register("ann@example.org", "other")


async def test_get_deleted_user_raises_unauthenticated(service: UserService) -> None:
    with pytest.raises(Unauthenticated):
        await service.get(uuid4())


async def test_confirm_fails_once_the_password_was_changed(
    service: UserService,
) -> None:
    row = await service.register("ann@example.org", "hash")
    verified = User(id=row.id, email=row.email, password_hash="hash")

    await service.confirm(verified)
    assert row.password_hash == "hash"
    await service.confirm(verified, "renewed")
    assert row.password_hash == "renewed"

    with pytest.raises(Unauthenticated, match="just been changed"):
        await service.confirm(verified)
