"""Passwords: what is refused, what is stored, and how hashing is limited."""

import threading
from collections.abc import Callable

import anyio
import anyio.lowlevel
import pytest
from plumbline import DependencyUnavailable, Invalid
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr
from zxcvbn.matching import L33T_TABLE, enumerate_l33t_subs, relevant_l33t_subtable

from . import passwords
from .passwords import HASHER, HASHING, JUDGED_LENGTH, UNKNOWN, hash_password, verify_password

GOOD = SecretStr("correct horse battery staple")
EMAIL = "ann.miller@example.org"


@pytest.mark.parametrize(
    "weak",
    [
        "aaaaaaaaaaaaaaaa",
        "passwordpassword",
        "qwertyuiopasdfgh",
        "123456789012345",
        "iloveyouiloveyou",
        "ann.miller@example.org",
        "annmillerannmiller",
        "identityidentity",
        "a" * 128,
    ],
)
async def test_a_password_that_is_easy_to_guess_is_refused(weak: str) -> None:
    with pytest.raises(Invalid, match="easy to guess"):
        await hash_password(SecretStr(weak), EMAIL)


def test_zxcvbn_tries_few_combinations_of_signs_for_any_password() -> None:
    every_sign = "4@8({[<3691!|0$5+7%2"
    table = relevant_l33t_subtable(every_sign, L33T_TABLE)

    assert len(every_sign) < JUDGED_LENGTH
    assert len(enumerate_l33t_subs(table)) == 12  # of 736 that it would try by itself


@pytest.mark.parametrize(
    "strong",
    [
        "correct horse battery staple",
        "gänseblümchen auf dem mond",
        "月落烏啼霜滿天江楓漁火對愁眠",
        "x9!Kq\0 7zWp§4vLm",
    ],
)
async def test_a_password_may_be_made_of_anything(strong: str) -> None:
    stored = await hash_password(SecretStr(strong), EMAIL)

    assert await verify_password(SecretStr(strong), stored) == (True, None)


async def test_stored_hash_is_argon2id_with_the_parameters_of_owasp() -> None:
    stored = await hash_password(GOOD, EMAIL)

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert stored != await hash_password(GOOD, EMAIL)


@pytest.mark.parametrize(
    "change", [str.upper, str.strip, lambda word: word[:-1], lambda word: f"{word}x"]
)
async def test_a_password_is_verified_exactly_as_it_was_sent(change: Callable[[str], str]) -> None:
    stored = await hash_password(SecretStr(f"{GOOD.get_secret_value()} "), EMAIL)

    wrong = SecretStr(change(f"{GOOD.get_secret_value()} "))
    assert await verify_password(wrong, stored) == (False, None)


async def test_verification_for_an_unknown_user_fails_at_the_same_cost() -> None:
    assert await verify_password(GOOD, None) == (False, None)
    assert UNKNOWN.split("$")[:4] == HASHER.hash("x").split("$")[:4]
    assert len(UNKNOWN) == len(HASHER.hash("x"))


async def test_a_hash_is_renewed_when_the_parameters_have_grown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored = await hash_password(GOOD, EMAIL)
    stronger = PasswordHash((Argon2Hasher(memory_cost=19_456, time_cost=3, parallelism=1),))
    monkeypatch.setattr(passwords, "HASHER", stronger)

    matches, renewed = await verify_password(GOOD, stored)

    assert matches
    assert renewed is not None
    assert renewed.startswith("$argon2id$v=19$m=19456,t=3,p=1$")
    assert await verify_password(GOOD, renewed) == (True, None)
    assert await verify_password(SecretStr("wrong"), stored) == (False, None)


async def test_hashing_runs_in_threads_and_never_in_more_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    busy: list[int] = []
    most: list[int] = []

    def watched(work: Callable[..., object]) -> Callable[..., object]:
        def watch(*given: str) -> object:
            assert threading.current_thread() is not threading.main_thread()
            busy.append(threading.get_ident())
            most.append(len(busy))
            try:
                return work(*given)
            finally:
                busy.remove(threading.get_ident())

        return watch

    class Watched:
        verify_and_update = staticmethod(watched(HASHER.verify_and_update))
        hash = staticmethod(watched(HASHER.hash))

    monkeypatch.setattr(passwords, "HASHER", Watched)
    async with anyio.create_task_group() as group:
        for _ in range(2 * int(HASHING.total_tokens)):
            group.start_soon(verify_password, GOOD, None)
            group.start_soon(hash_password, GOOD, EMAIL)

    assert len(most) == 4 * HASHING.total_tokens
    assert max(most) <= HASHING.total_tokens


async def test_hashing_with_a_full_queue_raises_dependency_unavailable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = threading.Event()

    class Slow:
        @staticmethod
        def verify_and_update(*_: str) -> tuple[bool, None]:
            return slow.wait(20), None

    monkeypatch.setattr(passwords, "HASHER", Slow)
    monkeypatch.setattr(passwords, "MAX_WAITING", 3)
    async with anyio.create_task_group() as group:
        for _ in range(int(HASHING.total_tokens) + 3):
            group.start_soon(verify_password, GOOD, None)
        while HASHING.statistics().tasks_waiting < 3:
            await anyio.lowlevel.checkpoint()

        with pytest.raises(DependencyUnavailable):
            await verify_password(GOOD, None)
        slow.set()


async def test_strength_of_a_long_password_is_judged_by_its_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judged: list[int] = []

    def watched(password: str, user_inputs: list[str]) -> dict[str, int]:
        judged.extend(map(len, [password, *user_inputs]))
        return {"score": 4}

    monkeypatch.setattr(passwords, "zxcvbn", watched)
    await hash_password(SecretStr("p" * 128), f"{'a' * 60}@{'b' * 60}.org")

    assert max(judged) == JUDGED_LENGTH
