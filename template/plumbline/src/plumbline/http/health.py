"""Liveness and readiness, for load balancers and orchestrators."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from .dependencies import CurrentDatabase
from .error_format import responses

router = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    """The response while all is well; otherwise it is an error with status 503."""

    status: Literal["ok"] = "ok"


# GET /health/live
@router.get("/live")
async def get_liveness() -> Health:
    """Report that the process answers."""
    return Health()


# GET /health/ready
@router.get("/ready", responses=responses(503))
async def get_readiness(database: CurrentDatabase) -> Health:
    """Report that the database answers, with migrations at the head of this release."""
    await database.check()
    return Health()
