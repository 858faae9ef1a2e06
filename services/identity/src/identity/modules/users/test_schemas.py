"""E-mail and password: properties that hold for any input."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from .passwords import MAX_LENGTH, MIN_LENGTH
from .schemas import Registration

PASSWORD = "correct horse battery staple"
# A slow machine is no failure.
ANY_SPEED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
LOCAL = st.text(string.ascii_letters + string.digits + "._+-", min_size=1, max_size=64)


def registration(email: str, password: str) -> Registration | None:
    try:
        return Registration.model_validate({"email": email, "password": password})
    except ValidationError:
        return None


@ANY_SPEED
@given(LOCAL, st.data())
def test_email_in_any_case_is_the_same(local: str, data: st.DataObject) -> None:
    email = f"{local}@example.org"
    flips = data.draw(st.lists(st.booleans(), min_size=len(email), max_size=len(email)))
    written = "".join(
        letter.swapcase() if flip else letter for letter, flip in zip(email, flips, strict=True)
    )

    one, other = registration(email, PASSWORD), registration(written, PASSWORD)

    assert (one and one.email) == (other and other.email)


@ANY_SPEED
@given(st.text())
def test_any_text_is_a_normalized_email_or_refused(text: str) -> None:
    accepted = registration(text, PASSWORD)

    if accepted is not None:
        assert accepted.email == accepted.email.lower()
        assert accepted.email.count("@") == 1
        assert len(accepted.email) <= 254
        assert registration(accepted.email, PASSWORD) == accepted


@ANY_SPEED
@given(st.emails())
def test_real_addresses_are_accepted_or_refused_but_nothing_else(email: str) -> None:
    accepted = registration(email, PASSWORD)

    assert accepted is None or accepted.email.partition("@")[0] == email.lower().partition("@")[0]


@ANY_SPEED
@given(st.text())
def test_a_password_is_taken_as_it_is_or_refused_for_its_length(password: str) -> None:
    accepted = registration("ann@example.org", password)

    if accepted is None:
        assert not MIN_LENGTH <= len(password) <= MAX_LENGTH or _has_half_a_letter(password)
    else:
        assert accepted.password.get_secret_value() == password
        assert password not in repr(accepted)


def _has_half_a_letter(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


@pytest.mark.parametrize(
    ("length", "accepted"), [(14, False), (15, True), (128, True), (129, False)]
)
def test_a_password_has_15_to_128_characters(length: int, *, accepted: bool) -> None:
    assert (registration("ann@example.org", "ü" * length) is not None) == accepted


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ann",
        "@example.org",
        "ann@",
        "a b@example.org",
        "Ann <ann@example.org>",
        "ann@example.org\n\nx",
    ],
)
def test_invalid_email_is_refused(email: str) -> None:
    assert registration(email, PASSWORD) is None
