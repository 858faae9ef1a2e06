"""Defects of a service that keeps passwords, sessions and keys: each lets somebody in."""

from .planting import Copy, caught_by

MODULES = "src/*/modules"
SESSIONS, ATTEMPTS, USERS = f"{MODULES}/sessions", f"{MODULES}/attempts", f"{MODULES}/users"


@caught_by("integration", f"{SESSIONS}/test_router.py")
def a_cookie_that_other_hosts_may_set(copy: Copy) -> None:
    """Whoever has a subdomain could plant a session."""
    copy.change(f"{MODULES}/access/*.py", '"__Host-session"', '"session"')


@caught_by("integration", f"{SESSIONS}/test_router.py")
def a_cookie_that_scripts_can_read(copy: Copy) -> None:
    """One injected script would take the session along."""
    copy.change(f"{SESSIONS}/cookie.py", r"(set_cookie\([^)]*)httponly=True", r"\1httponly=False")


@caught_by("integration", f"{SESSIONS}/test_router.py")
def a_change_that_another_site_may_ask_for(copy: Copy) -> None:
    """Any page could make a browser use its cookie."""
    copy.change(f"{MODULES}/access/same_origin.py", r"return site in OWN", "return True")


@caught_by("unit", f"{SESSIONS}/test_service.py")
def a_session_that_outlives_its_logout(copy: Copy) -> None:
    """A stolen token could be used for ever."""
    copy.change(
        f"{SESSIONS}/service.py", r"await self\._repository\.remove_by_digest\(.*\)", "return"
    )


@caught_by("unit", f"{SESSIONS}/test_service.py")
def a_session_that_bears_any_idleness(copy: Copy) -> None:
    """A browser in a library would stay logged in."""
    copy.change(f"{SESSIONS}/service.py", r"min\((row\.expires_at), [^)]*\)", r"\1")


@caught_by("integration", f"{SESSIONS}/test_router.py")
def a_session_that_anybody_may_end(copy: Copy) -> None:
    """An id of somebody else would be enough."""
    copy.change(
        f"{SESSIONS}/repository.py", r"(delete\(\w+\)\.where\()\w+\.user_id == user, ", r"\1"
    )


@caught_by("unit", f"{SESSIONS}/test_authentication.py")
def a_session_that_begins_with_the_old_password(copy: Copy) -> None:
    """It was verified just before it was changed."""
    copy.change(f"{USERS}/service.py", r"row\.password_hash != verified\.password_hash", "False")


@caught_by("unit", "src/*/test_tokens.py")
def a_token_that_is_kept_as_it_is(copy: Copy) -> None:
    """Whoever reads a backup could use all sessions."""
    copy.change(
        "src/*/tokens.py",
        r"return sha256\(token\.encode\(\)\)\.digest\(\)",
        "return token.encode()",
    )


@caught_by("unit", f"{ATTEMPTS}/test_service.py")
def guesses_without_a_limit(copy: Copy) -> None:
    """Every password would be found in the end."""
    copy.change(f"{ATTEMPTS}/service.py", r"len\(times\) >= limit", "len(times) < 0")


@caught_by("unit", f"{USERS}/test_passwords.py")
def hashing_that_holds_up_everybody(copy: Copy) -> None:
    """In the event loop, each login stops all other requests."""
    call = r"await \w+\((HASHER\.verify_and_update), (.*)\)"
    copy.change(f"{USERS}/passwords.py", call, r"\1(\2)")


@caught_by("integration", f"{SESSIONS}/test_router.py")
def an_unknown_user_who_is_answered_sooner(copy: Copy) -> None:
    """The time would tell who is registered."""
    copy.change(
        f"{USERS}/passwords.py",
        r"^    matches, renewed = await",
        "    if stored is None:\n        return False, None\n\\g<0>",
    )


@caught_by("unit", f"{MODULES}/api_keys/test_service.py")
def a_key_that_opens_everything(copy: Copy) -> None:
    """Its scopes would be words."""
    copy.change(f"{MODULES}/access/caller.py", r"self\.scopes is None or .*", "True")


@caught_by("integration", "tests/integration/test_secrets.py")
def a_password_in_the_log(copy: Copy) -> None:
    """Logs are read by many, and kept for long."""
    copy.change(
        f"{SESSIONS}/authentication.py",
        r"^( +)self\._tell\(\"login\.failed\"",
        r'\1log.info("tried", password=given.password.get_secret_value())\n\g<0>',
    )
