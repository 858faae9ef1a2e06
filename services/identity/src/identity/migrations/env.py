"""How Alembic runs the migrations: as the platform says."""

from plumbline import run_migrations

from identity.orm import Base
from identity.settings import Settings

run_migrations("identity", Settings, Base.metadata)
