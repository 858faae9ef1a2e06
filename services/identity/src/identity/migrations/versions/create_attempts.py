"""Create the table of attempts."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "create_attempts"
down_revision: str | Sequence[str] | None = "create_api_keys"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_made_at"), "attempts", ["made_at"])
    op.create_index(op.f("ix_attempts_subject_made_at"), "attempts", ["subject", "made_at"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("attempts")
