"""Passwords: which are good enough, and how they are hashed without holding up anybody else."""

import base64
import os
import secrets
from typing import Final

from anyio import CapacityLimiter, to_thread
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import SecretStr
from zxcvbn import zxcvbn
from zxcvbn.matching import L33T_TABLE

from ...errors import Invalid

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
# One core stays free for the requests of everybody else.
HASHING: Final = CapacityLimiter(max(1, (os.cpu_count() or 1) - 1))


def _unknown() -> str:
    """A hash with the parameters above that no password has: it takes as long to verify."""
    random = [secrets.token_bytes(length) for length in (16, 32)]
    salt, digest = (base64.b64encode(each).decode().rstrip("=") for each in random)
    return f"$argon2id$v=19$m=19456,t=2,p=1${salt}${digest}"


UNKNOWN: Final = _unknown()


async def hash_password(password: SecretStr, email: str) -> str:
    """What is stored of a new password. Raises `Invalid` when it is easy to guess."""
    return await to_thread.run_sync(_hash, password.get_secret_value(), email, limiter=HASHING)


def _hash(password: str, email: str) -> str:
    known = [email, *email.replace("@", ".").split("."), "identity"]
    if zxcvbn(password[:JUDGED], user_inputs=known)["score"] < GOOD:
        raise Invalid("This password is easy to guess: take one with more, and rarer, words.")
    return HASHER.hash(password)


async def verify_password(password: SecretStr, stored: str | None) -> tuple[bool, str | None]:
    """Whether it is the password, and what to store from now on where that is not as it should be.

    Takes as long when there is no such user, for whom `stored` is None.
    """
    matches, renewed = await to_thread.run_sync(
        HASHER.verify_and_update, password.get_secret_value(), stored or UNKNOWN, limiter=HASHING
    )
    return matches and stored is not None, renewed
