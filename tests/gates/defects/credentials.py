"""Defects of a service that stores passwords, sessions and keys: each lets an attacker in."""

from .planting import Copy, caught_by

MODULES = "src/*/modules"
SESSIONS, ATTEMPTS, USERS = f"{MODULES}/sessions", f"{MODULES}/attempts", f"{MODULES}/users"


@caught_by("integration", f"{SESSIONS}/test_router.py", keyword="cookie")
def a_cookie_that_scripts_can_read(copy: Copy) -> None:
    """One injected script would take the session along."""
    copy.change(f"{SESSIONS}/cookie.py", r"(set_cookie\([^)]*)httponly=True", r"\1httponly=False")


@caught_by("integration", f"{SESSIONS}/test_router.py")
def a_login_that_another_site_may_ask_for(copy: Copy) -> None:
    """Any page could log a browser in as another user."""
    copy.change(f"{SESSIONS}/router.py", r"Depends\(require_same_origin\), ", "")


@caught_by("unit", f"{SESSIONS}/test_service.py")
def a_session_that_outlives_its_logout(copy: Copy) -> None:
    """A stolen token could be used for ever."""
    copy.change(
        f"{SESSIONS}/service.py", r"await self\._repository\.remove_by_digest\(.*\)", "return"
    )


@caught_by("unit", f"{SESSIONS}/test_service.py")
def a_session_without_an_idle_timeout(copy: Copy) -> None:
    """A browser in a library would stay logged in."""
    copy.change(f"{SESSIONS}/service.py", r"min\((row\.expires_at), [^)]*\)", r"\1")


@caught_by("integration", f"{SESSIONS}/test_router.py")
def a_session_that_any_user_may_end(copy: Copy) -> None:
    """The id of another user's session would be enough."""
    copy.change(
        f"{SESSIONS}/repository.py", r"(delete\(\w+\)\.where\()\w+\.user_id == user, ", r"\1"
    )


@caught_by("unit", f"{SESSIONS}/test_authentication.py")
def a_session_that_begins_with_the_old_password(copy: Copy) -> None:
    """It was verified just before it was changed."""
    copy.change(f"{USERS}/service.py", r"row\.password_hash != verified\.password_hash", "False")


@caught_by("unit", "src/*/test_tokens.py")
def a_token_that_is_stored_as_it_is(copy: Copy) -> None:
    """A reader of a backup could use all sessions."""
    copy.change(
        "src/*/tokens.py",
        r"return sha256\(token\.encode\(\)\)\.digest\(\)",
        "return token.encode()",
    )


@caught_by("unit", f"{ATTEMPTS}/test_service.py")
def attempts_without_a_rate_limit(copy: Copy) -> None:
    """Every password would be found in the end."""
    copy.change(f"{ATTEMPTS}/service.py", r"len\(times\) >= limit", "len(times) < 0")


@caught_by("unit", f"{USERS}/test_passwords.py")
def hashing_that_blocks_all_requests(copy: Copy) -> None:
    """In the event loop, each login stops all other requests."""
    called = r"await \w+\((HASHER\.verify_and_update), (.*)\)"
    copy.change(f"{USERS}/passwords.py", called, r"\1(\2)")


@caught_by("integration", f"{SESSIONS}/test_router.py")
def an_unknown_user_who_is_answered_sooner(copy: Copy) -> None:
    """The time would show who is registered."""
    copy.change(
        f"{USERS}/passwords.py",
        r"^    matches, renewed = await",
        "    if stored is None:\n        return False, None\n\\g<0>",
    )


@caught_by("unit", f"{MODULES}/api_keys/test_service.py")
def a_key_with_more_scopes_than_its_creator(copy: Copy) -> None:
    """A leaked key would make one that permits everything."""
    copy.change(f"{MODULES}/api_keys/service.py", r"if not caller\.may\(scope\)", "if False")


@caught_by("integration", "tests/integration/test_secrets.py")
def a_password_in_the_log(copy: Copy) -> None:
    """Logs are read by many, and kept for long."""
    copy.change(
        f"{SESSIONS}/authentication.py",
        r"^( +)self\._log\(\"login\.failed\"",
        r'\1log.info("tried", password=given.password.get_secret_value())\n\g<0>',
    )
