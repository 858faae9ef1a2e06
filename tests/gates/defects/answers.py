"""Defects that clients would meet: wrong, incomplete or talkative answers."""

from .planting import REPOSITORY, ROUTER, SERVICE, Copy, caught_by

REQUEST_LOG = "src/*/request_log.py"
TESTS_OF_REPOSITORY = "src/*/modules/*/test_repository.py"
TESTS_OF_SERVICE = "src/*/modules/*/test_service.py"
TESTS_OF_ROUTER = "src/*/modules/*/test_router.py"
TESTS_OF_PROBLEMS = "tests/integration/test_problems.py"
UNDESCRIBED = r"\w+ \S+ answered \d+, which its OpenAPI does not describe"


@caught_by("unit", TESTS_OF_SERVICE)
def a_lost_update(copy: Copy) -> None:
    """Nobody compares the version, so the last one to write wins."""
    copy.change(SERVICE, r"\w+\.version not in \w+", "False")


@caught_by("unit", TESTS_OF_SERVICE)
def an_update_that_erases_what_was_not_given(copy: Copy) -> None:
    """A partial update that writes every field."""
    copy.change(SERVICE, r"exclude_unset=True", "exclude_unset=False")


@caught_by("unit", TESTS_OF_REPOSITORY)
def an_ignored_page_limit(copy: Copy) -> None:
    """Whoever asks for one row gets a million."""
    copy.change(REPOSITORY, r"\.limit\(\w+\)", "")


@caught_by("unit", TESTS_OF_REPOSITORY)
def pages_that_overlap(copy: Copy) -> None:
    """The last row of a page comes again on the next."""
    copy.change(REPOSITORY, r"\.id > (\w+)", r".id >= \1")


@caught_by("unit", TESTS_OF_REPOSITORY)
def a_list_without_an_order(copy: Copy) -> None:
    """Pages by keyset then leave out whatever happens to come later."""
    copy.change(REPOSITORY, r"\.order_by\([\w.]+\)", "")


@caught_by("integration", TESTS_OF_ROUTER, says=UNDESCRIBED)
def an_answer_that_openapi_does_not_describe(copy: Copy) -> None:
    """A generated client does not know what to make of it."""
    copy.change(ROUTER, r"(responses\((?:\d+, )*)404(?:, )?", r"\1")


@caught_by("integration", TESTS_OF_ROUTER)
def an_unknown_field_that_is_ignored(copy: Copy) -> None:
    """The client believes that it has set something."""
    copy.change("src/*/modules/*/schemas.py", r'extra="forbid"', 'extra="ignore"')


@caught_by("integration", TESTS_OF_PROBLEMS)
def a_500_that_leaks_its_exception(copy: Copy) -> None:
    """It shows the inside to whoever asks."""
    copy.change(REQUEST_LOG, r"except Exception:", "except Exception as error:")
    copy.change(REQUEST_LOG, r"HTTPStatus\.INTERNAL_SERVER_ERROR", r"\g<0>, str(error)")


@caught_by("integration", TESTS_OF_PROBLEMS)
def a_500_that_nobody_logs(copy: Copy) -> None:
    """The client cannot tell what went wrong, and neither can the team."""
    copy.change(REQUEST_LOG, r"log\.exception\(.*\)", "pass")


@caught_by("integration", TESTS_OF_PROBLEMS)
def a_domain_error_without_a_status(copy: Copy) -> None:
    """What the caller did wrong would be answered as if the service were broken."""
    copy.append("src/*/errors.py", 'class Planted(ServiceError):\n    """New."""\n')


@caught_by("integration", TESTS_OF_PROBLEMS)
def a_body_of_any_size(copy: Copy) -> None:
    """One request fills the memory."""
    copy.change("src/*/app.py", r"^    app\.add_middleware\(BodyLimit.*\n", "")


@caught_by("integration", "tests/integration/test_health.py")
def a_service_that_is_always_ready(copy: Copy) -> None:
    """It gets requests before its migrations have run."""
    copy.change("src/*/health.py", r"^    await database\.check\w*\(\)\n", "")


@caught_by("contract", says=r"ST101 Server error")
def a_page_that_fails_at_its_greatest_length(copy: Copy) -> None:
    """Nobody has tried it, as nobody tries every number."""
    copy.change(ROUTER, r"\.page\((\w+), (\w+)\)", r".page(\1, \2 if \2 < 100 else 1 // 0)")


@caught_by("contract", says=r"ST108 .*")
def a_moment_that_openapi_calls_a_date(copy: Copy) -> None:
    """A generated client cannot read it."""
    moment = r'\g<0> = Field(json_schema_extra={"format": "date"})'
    copy.change("src/*/modules/*/schemas.py", r"^    created_at: datetime$", moment)


@caught_by("contract", says=r"ST202 .*")
def a_cursor_that_openapi_calls_any_text(copy: Copy) -> None:
    """The document allows what the service refuses."""
    copy.change("src/*/pagination.py", r', "pattern": [^}]*\}\$"', "")
