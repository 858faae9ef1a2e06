"""What can be done with products, and the rules for it; knows no HTTP."""

from collections.abc import Collection
from uuid import UUID

from plumbline import NotFound, PreconditionFailed
from sqlalchemy.ext.asyncio import AsyncSession

from .models import Product
from .repository import ProductRepository
from .schemas import ProductCreate, ProductUpdate


class ProductService:
    """The use cases, within the transaction of one session.

    Where `expected` is asked for, it holds the versions that the caller accepts; None accepts any.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._repository = ProductRepository(session)

    async def create(self, new: ProductCreate) -> Product:
        """Store a new one. Raises `Conflict` when its name is taken."""
        row = Product(**new.model_dump())
        await self._repository.add(row)
        return row

    async def get(self, key: UUID) -> Product:
        """The one with this id. Raises `NotFound`."""
        row = await self._repository.get(key)
        if row is None:
            raise NotFound(f"There is no product {key}.")
        return row

    async def page(self, after: UUID | None, limit: int) -> list[Product]:
        """At most `limit` of them, oldest first, from behind the id `after` on."""
        return await self._repository.page(after, limit)

    async def update(
        self,
        key: UUID,
        changes: ProductUpdate,
        expected: Collection[int] | None,
    ) -> Product:
        """Change the given fields. Raises `NotFound`, `PreconditionFailed` or `Conflict`."""
        row = await self._get_expected(key, expected)
        for field, value in changes.model_dump(exclude_unset=True).items():
            setattr(row, field, value)
        await self._repository.save(row)
        return row

    async def delete(self, key: UUID, expected: Collection[int] | None) -> None:
        """Remove it. Raises `NotFound`, `PreconditionFailed` or `Conflict`."""
        await self._repository.remove(await self._get_expected(key, expected))

    async def _get_expected(
        self,
        key: UUID,
        expected: Collection[int] | None,
    ) -> Product:
        row = await self.get(key)
        if expected is not None and row.version not in expected:
            raise PreconditionFailed(f"It has changed: its version is now {row.version}.")
        return row
