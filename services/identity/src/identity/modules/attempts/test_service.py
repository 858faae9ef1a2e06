"""The rules, with a real database below and frozen time."""

from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from plumbline import TooManyAttempts
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from .models import Attempt
from .service import AttemptService
from .settings import Settings

RULES = Settings(per_account=3, per_address=5, minutes=10)
HERE, THERE = "192.0.2.1", "192.0.2.2"
ANN, BOB = "ann@example.org", "bob@example.org"

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def service(session: AsyncSession) -> AttemptService:
    return AttemptService(session, RULES)


async def test_account_limit_applies_across_addresses(service: AttemptService) -> None:
    for address in (HERE, THERE, HERE):
        await service.begin(address, ANN)

    with (
        capture_logs() as logged,
        pytest.raises(TooManyAttempts, match="try again in 600 seconds"),
    ):
        await service.begin("192.0.2.3", ANN)
    assert [(line["event"], line["address"]) for line in logged] == [
        ("attempts.limited", "192.0.2.3")
    ]
    assert ANN not in str(logged)
    await service.begin(HERE, BOB)


async def test_address_limit_applies_across_accounts(service: AttemptService) -> None:
    for number in range(RULES.per_address):
        await service.begin(HERE, f"{number}@example.org")

    with pytest.raises(TooManyAttempts):
        await service.begin(HERE, ANN)
    with pytest.raises(TooManyAttempts):
        await service.begin(HERE)
    await service.begin(THERE, ANN)


@pytest.mark.parametrize(
    ("address", "neighbour", "same"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("unknown", "unknown", True),
    ],
)
async def test_a_network_of_ipv6_counts_as_one_address(
    service: AttemptService,
    address: str,
    neighbour: str,
    *,
    same: bool,
) -> None:
    for _ in range(RULES.per_address):
        await service.begin(address)

    if same:
        with pytest.raises(TooManyAttempts):
            await service.begin(neighbour)
    else:
        await service.begin(neighbour)


async def test_wait_ends_when_the_first_counted_attempt_expires(
    service: AttemptService,
    clock: FrozenDateTimeFactory,
) -> None:
    for _ in range(3):
        await service.begin(HERE, ANN)
        clock.tick(timedelta(minutes=2))

    with pytest.raises(TooManyAttempts) as caught:
        await service.begin(HERE, ANN)
    assert caught.value.seconds == 4 * 60
    clock.tick(timedelta(seconds=caught.value.seconds - 1))
    with pytest.raises(TooManyAttempts) as caught:
        await service.begin(HERE, ANN)
    assert caught.value.seconds == 1
    clock.tick(timedelta(seconds=1))
    await service.begin(HERE, ANN)


async def test_a_refused_attempt_does_not_make_the_wait_longer(
    service: AttemptService,
    clock: FrozenDateTimeFactory,
) -> None:
    for _ in range(3):
        await service.begin(HERE, ANN)
    for _ in range(9):
        clock.tick(timedelta(minutes=1))
        with pytest.raises(TooManyAttempts):
            await service.begin(HERE, ANN)
    clock.tick(timedelta(minutes=1))

    await service.begin(HERE, ANN)


async def test_success_is_not_counted_and_forgives_the_account_but_not_the_address(
    service: AttemptService,
) -> None:
    for _ in range(2):
        await service.begin(HERE, ANN)
    await service.succeed(await service.begin(HERE, ANN))

    for _ in range(3):
        await service.begin(HERE, ANN)
    with pytest.raises(TooManyAttempts):
        await service.begin(HERE, BOB)


async def test_expired_attempts_are_deleted_and_subjects_are_digests(
    service: AttemptService,
    session: AsyncSession,
    clock: FrozenDateTimeFactory,
) -> None:
    await service.begin(HERE, ANN)
    clock.tick(timedelta(minutes=RULES.minutes))
    await service.begin(THERE, BOB)

    rows = list(await session.scalars(select(Attempt)))

    assert len(rows) == 2
    assert all(word not in str(vars(row)) for row in rows for word in (THERE, BOB))
