"""Whether the process lives, and whether it can serve: for load balancers and orchestrators."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from .dependencies import CurrentDatabase
from .problems import responses

router = APIRouter(prefix="/health", tags=["health"])


class Health(BaseModel):
    """A good answer; a bad one is a problem with status 503."""

    status: Literal["ok"] = "ok"


# GET /health/live
@router.get("/live")
async def get_liveness() -> Health:
    """The process answers."""
    return Health()


# GET /health/ready
@router.get("/ready", responses=responses(503))
async def get_readiness(database: CurrentDatabase) -> Health:
    """The database answers, and its migrations are at the head this release knows."""
    await database.check()
    return Health()
