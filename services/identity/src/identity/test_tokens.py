"""The secrets are long, random, and cannot be read from what is kept of them."""

from base64 import urlsafe_b64decode

from .tokens import RANDOM_BYTES, digest, new_token


def test_a_token_holds_256_random_bits() -> None:
    tokens = {new_token() for _ in range(100)}

    assert len(tokens) == 100
    assert {len(urlsafe_b64decode(f"{token}=")) for token in tokens} == {RANDOM_BYTES} == {32}


def test_token_starts_with_its_prefix() -> None:
    assert new_token("idk_").startswith("idk_")


def test_digest_identifies_a_token_and_does_not_contain_it() -> None:
    token = new_token()

    assert digest(token) == digest(token)
    assert digest(token) != digest(new_token())
    assert token.encode() not in digest(token)
    assert len(digest(token)) == 32
