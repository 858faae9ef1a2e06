"""Passwords: which are good enough, and how they are hashed without holding up anybody else."""

import os
import secrets
from collections.abc import Callable
from typing import Final, TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr
from zxcvbn import zxcvbn
from zxcvbn.matching import L33T_TABLE

from ...errors import Invalid, NotNow

Given = TypeVarTuple("Given")
T = TypeVar("T")

# NIST SP 800-63B-4, 3.1.1.2: at least 15 where a password is the only factor, and no rules about
# kinds of letters. Nobody types more than 128; a limit keeps the work of hashing small.
LEAST: Final = 15
MOST: Final = 128
GOOD: Final = 3  # of zxcvbn's scores, 0 to 4: 10^8 guesses and more
JUDGED: Final = 40  # what zxcvbn looks at, whose work grows faster than the length
# The signs that people write for a letter. Of all that it knows, zxcvbn tries each combination: for
# seconds, in which this thread would let the others on for moments only.
L33T_TABLE.update(c=["("], g=["9"], i=["1", "!"], l=["1"], t=["7"])

# OWASP, Password Storage Cheat Sheet: Argon2id with 19 MiB, two iterations, one lane.
HASHER: Final = PasswordHash((Argon2Hasher(memory_cost=19_456, time_cost=2, parallelism=1),))
# One core stays free for the requests of everybody else; each thread takes 19 MiB.
HASHING: Final = CapacityLimiter(min(8, max(1, (os.cpu_count() or 1) - 1)))
MOST_WAITING: Final = 100  # for a thread: seconds, after which their clients have gone away

UNKNOWN: Final = HASHER.hash(secrets.token_hex())  # that of nobody, which takes as long to verify


async def hash_password(password: SecretStr, email: str) -> str:
    """What is stored of a new password.

    Raises `Invalid` when it is easy to guess, or `NotNow` when too many want the same.
    """
    return await _in_thread(_hash, password.get_secret_value(), email)


def _hash(password: str, email: str) -> str:
    words = [email, *email.replace("@", ".").split("."), "identity"]
    known = [word[:JUDGED] for word in words]
    if zxcvbn(password[:JUDGED], user_inputs=known)["score"] < GOOD:
        raise Invalid("This password is easy to guess: take one with more, and rarer, words.")
    return HASHER.hash(password)


async def verify_password(password: SecretStr, stored: str | None) -> tuple[bool, str | None]:
    """Whether it is the password, and what to store from now on where that is not as it should be.

    Takes as long when there is no such user, for whom `stored` is None. Raises `NotNow` when too
    many want the same.
    """
    given = password.get_secret_value()
    matches, renewed = await _in_thread(HASHER.verify_and_update, given, stored or UNKNOWN)
    return matches and stored is not None, renewed


async def _in_thread(work: Callable[[*Given], T], *given: *Given) -> T:
    """Do what takes long without holding up the loop. Raises `NotNow` when too many wait for it."""
    if HASHING.statistics().tasks_waiting >= MOST_WAITING:
        raise NotNow("Too many want this at once; try again.")
    return await to_thread.run_sync(work, *given, limiter=HASHING)
