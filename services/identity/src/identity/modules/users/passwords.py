"""Passwords: their strength, and hashing in threads that does not block other requests."""

import os
import secrets
from collections.abc import Callable
from typing import Final, TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread
from plumbline import DependencyUnavailable, Invalid
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr
from zxcvbn import zxcvbn
from zxcvbn.matching import L33T_TABLE

Given = TypeVarTuple("Given")
T = TypeVar("T")

# NIST SP 800-63B-4, 3.1.1.2: at least 15 where a password is the only factor, and no rules about
# kinds of characters. 128 is more than people type; a limit keeps the work of hashing small.
MIN_LENGTH: Final = 15
MAX_LENGTH: Final = 128
MIN_SCORE: Final = 3  # of zxcvbn's scores, 0 to 4: 10^8 guesses and more
JUDGED_LENGTH: Final = 40  # characters that zxcvbn gets, whose work grows faster than the length
# The signs that people write for a letter. zxcvbn tries each combination of all it knows: with its
# own table, that takes seconds, in which this thread hardly releases the GIL.
L33T_TABLE.update(c=["("], g=["9"], i=["1", "!"], l=["1"], t=["7"])

# OWASP, Password Storage Cheat Sheet: Argon2id with 19 MiB, two iterations, one lane.
HASHER: Final = PasswordHash((Argon2Hasher(memory_cost=19_456, time_cost=2, parallelism=1),))
# One core stays free for other requests; each thread takes 19 MiB.
HASHING: Final = CapacityLimiter(min(8, max(1, (os.cpu_count() or 1) - 1)))
MAX_WAITING: Final = 100  # for a thread: seconds of work, which clients hardly wait for

UNKNOWN: Final = HASHER.hash(secrets.token_hex())  # of no user; it takes as long to verify


async def hash_password(password: SecretStr, email: str) -> str:
    """Return the hash of a new password.

    Raises `Invalid` if it is easy to guess, and `DependencyUnavailable` if too many are waiting.
    """
    return await _in_thread(_hash, password.get_secret_value(), email)


def _hash(password: str, email: str) -> str:
    words = [email, *email.replace("@", ".").split("."), "identity"]
    known = [word[:JUDGED_LENGTH] for word in words]
    if zxcvbn(password[:JUDGED_LENGTH], user_inputs=known)["score"] < MIN_SCORE:
        raise Invalid("This password is easy to guess: take one with more, and rarer, words.")
    return HASHER.hash(password)


async def verify_password(password: SecretStr, stored: str | None) -> tuple[bool, str | None]:
    """Return whether the password is right, and a new hash to store if the old one is outdated.

    Takes as long for an unknown user, where `stored` is None. Raises `DependencyUnavailable` if
    too many are waiting.
    """
    given = password.get_secret_value()
    matches, renewed = await _in_thread(HASHER.verify_and_update, given, stored or UNKNOWN)
    return matches and stored is not None, renewed


async def _in_thread(work: Callable[[*Given], T], *given: *Given) -> T:
    """Run slow work in a thread. Raises `DependencyUnavailable` if too many are waiting for one."""
    if HASHING.statistics().tasks_waiting >= MAX_WAITING:
        raise DependencyUnavailable("Too many passwords are being hashed; try again.")
    return await to_thread.run_sync(work, *given, limiter=HASHING)
