"""Defects of the platform's HTTP: errors, limits, retries, health, credentials, modules."""

from .planting import Copy, caught_by

HTTP = "src/plumbline/http"
APP = "src/plumbline/app.py"
MODULES = "src/plumbline/modules.py"
REQUEST_LOG = f"{HTTP}/request_log.py"
TESTS_OF_ACCESS = "tests/integration/test_access.py"
TESTS_OF_MODULES = "tests/integration/test_modules.py"
TESTS_OF_PROBLEMS = "tests/integration/test_problems.py"
TESTS_OF_RETRIES = "tests/integration/test_retry.py"
UNEXPECTED = "unexpected_error"


@caught_by("integration", TESTS_OF_PROBLEMS, keyword=UNEXPECTED)
def a_500_that_leaks_its_exception(copy: Copy) -> None:
    """It shows the inside to every caller."""
    copy.change(REQUEST_LOG, r"except Exception:", "except Exception as error:")
    copy.change(REQUEST_LOG, r"HTTPStatus\.INTERNAL_SERVER_ERROR", r"\g<0>, str(error)")


@caught_by("integration", TESTS_OF_PROBLEMS, keyword=UNEXPECTED)
def a_500_that_is_not_logged(copy: Copy) -> None:
    """Neither the client nor the team learns what went wrong."""
    copy.change(REQUEST_LOG, r"log\.exception\(.*\)", "pass")


@caught_by("integration", "tests/integration/test_requests.py")
def a_request_id_that_forges_a_log_line(copy: Copy) -> None:
    """A caller could write what it likes into the log."""
    copy.change(REQUEST_LOG, r"ACCEPTED\.fullmatch\(given\)", "given")


@caught_by("integration", TESTS_OF_PROBLEMS, keyword="every_domain_error")
def a_domain_error_without_a_status(copy: Copy) -> None:
    """The caller's mistake would be answered as if the service were broken."""
    copy.append("src/plumbline/errors.py", 'class Planted(ServiceError):\n    """New."""\n')


@caught_by("integration", TESTS_OF_MODULES, keyword="without_a_status")
def an_unknown_status_that_stops_no_start(copy: Copy) -> None:
    """A service whose error has no status would fail at the first such request."""
    copy.change(f"{HTTP}/problems.py", r"^    _require_statuses\(errors.*\n", "")


@caught_by("integration", TESTS_OF_PROBLEMS, keyword="too_large")
def a_body_of_any_size(copy: Copy) -> None:
    """One request fills the memory."""
    copy.change(APP, r"^    app\.add_middleware\(BodyLimitMiddleware.*\n", "")


@caught_by("integration", "tests/integration/test_health.py")
def a_service_that_is_always_ready(copy: Copy) -> None:
    """It gets requests before its migrations have run."""
    copy.change(f"{HTTP}/health.py", r"^    await database\.check\w*\(\)\n", "")


@caught_by("integration", TESTS_OF_RETRIES)
def a_request_that_is_not_retried(copy: Copy) -> None:
    """Where transactions overlap, one is rolled back, and its client gets an error."""
    copy.change(APP, r"    app\.add_middleware\(RetryMiddleware\)\n", "")


@caught_by("integration", TESTS_OF_RETRIES)
def a_retried_request_that_lost_its_body(copy: Copy) -> None:
    """The second time, the endpoint reads nothing."""
    copy.change(
        f"{HTTP}/retry.py",
        r"received\.append\(message\)",
        'received.append({**message, "body": b""})',
    )


@caught_by("contract", "tests/contract/test_contract.py", keyword="list_", says=r"ST202 .*")
def a_cursor_that_openapi_calls_any_text(copy: Copy) -> None:
    """The document allows what the service refuses."""
    copy.change("src/plumbline/pagination.py", r', "pattern": [^}]*\}\$"', "")


@caught_by("integration", TESTS_OF_ACCESS, keyword="csrf")
def a_write_that_another_site_may_ask_for(copy: Copy) -> None:
    """Any page could make a browser use its cookie."""
    copy.change(f"{HTTP}/access/same_origin.py", r"return site in OWN", "return True")


@caught_by("integration", TESTS_OF_ACCESS, keyword="odd_credential or cookie")
def a_cookie_that_other_hosts_may_set(copy: Copy) -> None:
    """A subdomain of the service could set a session."""
    copy.change(f"{HTTP}/access/cookie.py", '"__Host-session"', '"session"')


@caught_by("integration", TESTS_OF_ACCESS, keyword="scopes")
def a_key_that_permits_everything(copy: Copy) -> None:
    """Its scopes would mean nothing."""
    copy.change("src/plumbline/caller.py", r"self\.scopes is None or .*", "True")


@caught_by("integration", TESTS_OF_MODULES)
def a_broken_module_that_is_left_out(copy: Copy) -> None:
    """The service starts without it, and no message says so."""
    copy.change(MODULES, r"raise BrokenModule\(message\) from error", "return None")


@caught_by("integration", TESTS_OF_MODULES)
def a_module_without_init_that_is_left_out(copy: Copy) -> None:
    """The same when its `__init__.py` was forgotten."""
    copy.change(MODULES, r"if any\(folder\.rglob\(.*\)\)", 'if (folder / "__init__.py").is_file()')


@caught_by("integration", "tests/integration/test_service.py")
def modules_that_are_not_enabled(copy: Copy) -> None:
    """The setting is read, and all are served."""
    copy.change(APP, r"modules\.routers\(settings\.modules\)", "modules.routers(None)")
