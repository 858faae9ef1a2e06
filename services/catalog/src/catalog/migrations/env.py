"""How Alembic runs the migrations: as the platform says."""

from plumbline import run_migrations

from catalog.orm import Base
from catalog.settings import Settings

run_migrations("catalog", Settings, Base.metadata)
