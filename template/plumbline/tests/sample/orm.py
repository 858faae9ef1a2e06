"""The declarative base of the sample's models."""

from plumbline import NAMING_CONVENTION
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """A table."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
