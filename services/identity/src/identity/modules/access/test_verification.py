"""Verification of credentials: how seldom their use is recorded."""

from datetime import timedelta

import httpx2
import pytest
from freezegun import freeze_time
from plumbline import SerializationFailure
from plumbline.database import Database
from sqlalchemy import event

from ... import PREFIX
from .verification import RECORD_INTERVAL

ME = f"{PREFIX}/auth/me"


async def test_use_of_a_session_is_recorded_once_an_interval(
    ann_client: httpx2.AsyncClient,
    database: Database,
) -> None:
    written: list[str] = []

    @event.listens_for(database.writer.sync_engine, "before_cursor_execute")
    def record(*arguments: object) -> None:
        if not str(arguments[2]).startswith("SELECT"):
            written.append(str(arguments[2]))

    try:
        with freeze_time(real_asyncio=True) as clock:
            for _ in range(3):
                await ann_client.get(ME)
            assert written == []
            clock.tick(RECORD_INTERVAL + timedelta(seconds=1))
            for _ in range(3):
                await ann_client.get(ME)
    finally:
        event.remove(database.writer.sync_engine, "before_cursor_execute", record)

    assert [statement.split()[:2] for statement in written] == [["UPDATE", "sessions"]]


async def test_request_succeeds_while_another_one_records_the_same_use(
    ann_client: httpx2.AsyncClient,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        raise SerializationFailure

    monkeypatch.setattr(database, "_writing", type("Refusing", (), {"begin": refuse})())
    with freeze_time(real_asyncio=True) as clock:
        clock.tick(RECORD_INTERVAL + timedelta(seconds=1))

        assert (await ann_client.get(ME)).status_code == 200
