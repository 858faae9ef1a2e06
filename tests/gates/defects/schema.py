"""Defects of a service's models and migrations."""

from .planting import MODELS, VERSIONS, Copy, caught_by

TESTS = "tests/migrations/test_*.py"
CHECK = r"CheckConstraint\((?:[^()]|\([^()]*\))*\),?"
PLAIN_COLUMN = r"^    (\w+): Mapped\[.*\] = mapped_column\((?!.*(?:unique|index|Key|primary))"


@caught_by("migration", TESTS)
def a_model_column_without_a_migration(copy: Copy) -> None:
    """The first query of the deployed service would fail."""
    copy.add_column("planted: Mapped[int | None] = mapped_column()")


@caught_by("migration", TESTS)
def a_migration_that_creates_a_wrong_column(copy: Copy) -> None:
    """The model says int, the table text."""
    copy.add_column("planted: Mapped[int | None] = mapped_column()")
    copy.add_migration(f'op.add_column("{copy.table}", sa.Column("planted", sa.Text()))')


@caught_by("migration", TESTS)
def two_heads(copy: Copy) -> None:
    """Two branches were merged, their migrations were not."""
    head = copy.head
    copy.add_migration("pass", name="planted_here", after=head)
    copy.add_migration("pass", name="planted_there", after=head)


@caught_by("migration", TESTS)
def a_downgrade_that_drops_nothing(copy: Copy) -> None:
    """The table stays, and the next upgrade fails on it."""
    copy.change(VERSIONS, r"^    op\.drop_table\(.*\)$", "    pass")


@caught_by("migration", TESTS)
def a_downgrade_that_drops_the_wrong_column(copy: Copy) -> None:
    """It takes back what another migration made."""
    _add_a_column_whose_downgrade_drops(copy, copy.find(MODELS, PLAIN_COLUMN)[1][1])


@caught_by("migration", TESTS)
def a_downgrade_that_drops_too_much(copy: Copy) -> None:
    """It takes back what its upgrade made, and something else; the way up again still works."""
    _add_a_column_whose_downgrade_drops(copy, copy.find(MODELS, PLAIN_COLUMN)[1][1], "planted")


def _add_a_column_whose_downgrade_drops(copy: Copy, *columns: str) -> None:
    table = copy.table
    copy.add_column("planted: Mapped[int | None] = mapped_column()")
    drops = "".join(f'\n        batch.drop_column("{column}")' for column in columns)
    copy.add_migration(
        f'op.add_column("{table}", sa.Column("planted", sa.Integer()))',
        f'with op.batch_alter_table("{table}") as batch:{drops}',
    )


@caught_by("migration", TESTS)
def a_migration_that_empties_a_table(copy: Copy) -> None:
    """Only rows can show it: the schema stays right."""
    copy.add_migration(f"op.execute('DELETE FROM \"{copy.table}\"')")


@caught_by("migration", TESTS)
def a_migration_that_fails_where_there_are_rows(copy: Copy) -> None:
    """The new column must not be null, and the rows have nothing to put there."""
    table = copy.table
    copy.add_column("planted: Mapped[int] = mapped_column()")
    copy.add_migration(
        f'with op.batch_alter_table("{table}") as batch:\n'
        '        batch.add_column(sa.Column("planted", sa.Integer(), nullable=False))',
        f'with op.batch_alter_table("{table}") as batch:\n        batch.drop_column("planted")',
    )


@caught_by("migration", TESTS)
def a_check_that_is_gone_from_the_model(copy: Copy) -> None:
    """Autogenerate compares no CHECK constraints."""
    copy.change(MODELS, CHECK, "")


@caught_by("migration", TESTS)
def a_check_that_no_migration_creates(copy: Copy) -> None:
    """The model promises what the database does not hold."""
    copy.change(VERSIONS, rf"^ *sa\.{CHECK}\n", "")
