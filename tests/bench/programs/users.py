"""Stores users of identity, with one hash for all, and prints their credentials.

    python users.py <database url> <how many>

Prints the e-mails and the password of so many; of one more, the id, the token of a session and an
API key: of many sessions of a user the oldest ends, so that one should not log in. And a key of a
service, with the digest that identity has to know.
"""

# mypy: disable-error-code="import-not-found"
# The service is in its own environment, mypy in the repository's.

import asyncio
import json
import sys

from identity.main import SERVICE
from identity.modules.api_keys.schemas import ApiKeyCreate
from identity.modules.api_keys.service import ApiKeyService
from identity.modules.sessions.service import SessionService
from identity.modules.sessions.settings import Settings
from identity.modules.users import UserService
from identity.modules.users.passwords import HASHER
from identity.tokens import digest, new_token
from plumbline import Caller, now

PASSWORD = "correct horse battery staple"


async def store(url: str, many: int) -> dict[str, object]:
    """All in one transaction."""
    emails = [f"user-{number}@example.org" for number in range(many)]
    hashed, new_key = HASHER.hash(PASSWORD), ApiKeyCreate(name="bench", scopes={"account:read"})
    async with SERVICE.open_database(url) as database, database.write() as session:
        users = UserService(session)
        *_, user = [await users.register(each, hashed) for each in [*emails, "me@example.org"]]
        token = await SessionService(session, Settings()).open(user.id, "127.0.0.1", "bench")
        in_person = Caller(user.id, user.id, scopes=None, expires_at=now())
        _, api_key = await ApiKeyService(session).create(in_person, new_key)
    return {"emails": emails, "password": PASSWORD} | {
        "user": str(user.id),
        "token": token,
        "api_key": api_key,
        "service_key": (service_key := new_token()),
        "known": digest(service_key).hex(),
    }


if __name__ == "__main__":
    json.dump(asyncio.run(store(sys.argv[1], int(sys.argv[2]))), sys.stdout)
