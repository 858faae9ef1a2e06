"""Runs the migrations of the sample."""

from plumbline import run_migrations
from sample.orm import Base
from sample.settings import Settings

run_migrations("sample", Settings, Base.metadata)
