"""Whom a credential belongs to, and how seldom its use is noted."""

from datetime import timedelta

import httpx2
import pytest
from freezegun import freeze_time
from sqlalchemy import event

from ...database import Database
from ...errors import TryAgain
from .verification import NOTED_EVERY

ME = "/api/v1/auth/me"


async def test_the_use_of_a_session_is_noted_once_in_a_while(
    ann_client: httpx2.AsyncClient,
    database: Database,
) -> None:
    written: list[str] = []

    @event.listens_for(database.writer.sync_engine, "before_cursor_execute")
    def note(*arguments: object) -> None:
        if not str(arguments[2]).startswith("SELECT"):
            written.append(str(arguments[2]))

    try:
        with freeze_time(real_asyncio=True) as clock:
            for _ in range(3):
                await ann_client.get(ME)
            assert written == []
            clock.tick(NOTED_EVERY + timedelta(seconds=1))
            for _ in range(3):
                await ann_client.get(ME)
    finally:
        event.remove(database.writer.sync_engine, "before_cursor_execute", note)

    assert [statement.split()[:2] for statement in written] == [["UPDATE", "sessions"]]


async def test_a_request_does_not_fail_as_another_one_notes_the_same(
    ann_client: httpx2.AsyncClient,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise TryAgain

    monkeypatch.setattr(database, "_writing", type("Refusing", (), {"begin": refuse})())
    with freeze_time(real_asyncio=True) as clock:
        clock.tick(NOTED_EVERY + timedelta(seconds=1))

        assert (await ann_client.get(ME)).status_code == 200
