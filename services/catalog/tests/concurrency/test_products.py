"""Many clients at once, and a service that is killed: the tests are the platform's."""

from uuid import uuid4

import pytest
from plumbline.testing.concurrency import *
from plumbline.testing.endurance import *
from plumbline.testing.load import Resource, RestResource, Row

from catalog import PREFIX
from catalog.modules.products.factories import (
    ProductCreateFactory,
)


class ProductResource(RestResource):
    """How a client of these tests uses products."""

    url = f"{PREFIX}/products"
    unique = "name"

    def new(self) -> Row:
        """Return the body of a request that creates a row."""
        return ProductCreateFactory.build().model_dump(mode="json")

    def change(self) -> Row:
        """Return the body of a request that changes a row."""
        return {"description": uuid4().hex}


@pytest.fixture
def resource() -> type[Resource]:
    return ProductResource
