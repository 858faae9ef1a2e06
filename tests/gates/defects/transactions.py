"""Defects of a service's transactions and constraints."""

from .planting import MODELS, REPOSITORY, ROUTER, Copy, caught_by

TESTS_OF_MODULES = "src/*/modules/*/test_*.py"
UNIQUE_COLUMN = (
    r'(^    __tablename__ = "(\w+)"\n(?:(?!class ).*\n)*?    (\w+): .*?)'
    r"(?:, unique=True|unique=True(?:, )?)"
)


@caught_by("unit", TESTS_OF_MODULES)
def a_repository_that_commits(copy: Copy) -> None:
    """Half of a use case is kept when its other half fails."""
    copy.change(REPOSITORY, r"_session\.flush\(\)", "_session.commit()")


@caught_by("concurrency", "tests/concurrency/test_*.py", keyword="readers")
def a_list_that_queues_behind_the_writer(copy: Copy) -> None:
    """An endpoint that only reads asks for a session that writes."""
    copy.change(ROUTER, r"(async def list_(?:.*\n)*?.*)ReadSession", r"\1WriteSession")


@caught_by("unit", TESTS_OF_MODULES)
def a_lost_unique_constraint(copy: Copy) -> None:
    """Neither the model nor the migrations have it: only a test of the rule can notice."""
    _, found = copy.find(MODELS, UNIQUE_COLUMN)
    table, column = found[2], found[3]
    copy.change(MODELS, UNIQUE_COLUMN, r"\1")
    copy.add_migration(
        f'with op.batch_alter_table("{table}") as batch:\n'
        f'        batch.drop_constraint("uq_{table}_{column}", type_="unique")'
    )
