"""The declarative base of all models of this service, whose metadata has all its tables."""

from plumbline import NAMING_CONVENTION
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """A table; `plumbline.UuidKey` and `plumbline.Timestamps` give it the usual columns."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
