"""Defects that clients would meet: wrong, incomplete or misleading answers of a service."""

from .planting import REPOSITORY, ROUTER, SERVICE, Copy, caught_by

SCHEMAS = "{service}/modules/*/schemas.py"
TESTS_OF_REPOSITORY = "src/*/modules/*/test_repository.py"
TESTS_OF_SERVICE = "src/*/modules/*/test_service.py"
TESTS_OF_ROUTER = "src/*/modules/*/test_router.py"
CONTRACT = "tests/contract/test_contract.py"
LISTS = "list_"
UNDESCRIBED = r"\w+ \S+ answered \d+, which its OpenAPI does not describe"
WITHOUT_STATUS = """from plumbline import ServiceError


class Planted(ServiceError):
    \"\"\"New.\"\"\"
"""


@caught_by("unit", TESTS_OF_SERVICE)
def a_lost_update(copy: Copy) -> None:
    """No version is compared, so the last write wins."""
    copy.change(SERVICE, r"\w+\.version not in \w+", "False")


@caught_by("unit", TESTS_OF_SERVICE)
def an_update_that_erases_what_was_not_given(copy: Copy) -> None:
    """A partial update that writes every field."""
    copy.change(SERVICE, r"exclude_unset=True", "exclude_unset=False")


@caught_by("unit", TESTS_OF_REPOSITORY)
def an_ignored_page_limit(copy: Copy) -> None:
    """A client that asks for one row gets a million."""
    copy.change(REPOSITORY, r"\.limit\(\w+\)", "")


@caught_by("unit", TESTS_OF_REPOSITORY)
def pages_that_overlap(copy: Copy) -> None:
    """The last row of a page comes again on the next."""
    copy.change(REPOSITORY, r"\.id > (\w+)", r".id >= \1")


@caught_by("unit", TESTS_OF_REPOSITORY)
def a_list_without_an_order(copy: Copy) -> None:
    """Pages by keyset then leave out rows."""
    copy.change(REPOSITORY, r"\.order_by\([\w.]+\)", "")


@caught_by("integration", TESTS_OF_ROUTER, says=UNDESCRIBED)
def an_answer_that_openapi_does_not_describe(copy: Copy) -> None:
    """A generated client cannot handle it."""
    copy.change(ROUTER, r"(responses\((?:\d+, )*)404(?:, )?", r"\1")


@caught_by("integration", TESTS_OF_ROUTER)
def an_unknown_field_that_is_ignored(copy: Copy) -> None:
    """The client believes that it has set something."""
    copy.change(SCHEMAS, r'extra="forbid"', 'extra="ignore"')


@caught_by(
    "integration",
    "tests/integration/test_service.py",
    says=r"BrokenModule: The error Planted has no status",
)
def an_error_of_the_service_without_a_status(copy: Copy) -> None:
    """The caller's mistake would be answered as if the service were broken."""
    copy.append(SERVICE, WITHOUT_STATUS)


@caught_by("contract", CONTRACT, keyword=LISTS, says=r"ST101 Server error")
def a_page_that_fails_at_its_greatest_length(copy: Copy) -> None:
    """No test tries every number."""
    copy.change(ROUTER, r"\.page\((\w+), (\w+)\)", r".page(\1, \2 if \2 < 100 else 1 // 0)")


@caught_by("contract", CONTRACT, keyword="create_", says=r"ST108 .*")
def a_datetime_that_openapi_calls_a_date(copy: Copy) -> None:
    """A generated client cannot read it."""
    date = r'\g<0> = Field(json_schema_extra={"format": "date"})'
    copy.change(SCHEMAS, r"^    created_at: datetime$", date)
