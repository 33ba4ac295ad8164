"""The peer: what one would write in an afternoon with FastAPI, asyncpg and PostgreSQL, done well.

It takes the same requests as Jobtrail's REST and keeps the same promise: an OK answer means that
the event is on disk, and the same id in the same tenant is recorded once. One INSERT is one commit;
PostgreSQL lets commits that come together share an fsync.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import asyncpg  # type: ignore[import-untyped]
from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from jobtrail.events import EventType

SCHEMA = """
CREATE TABLE IF NOT EXISTS client_events (
    tenant       text NOT NULL,
    event_id     text NOT NULL,
    request_id   text NOT NULL,
    create_time  timestamptz NOT NULL,
    type         text NOT NULL,
    jobs         text[] NOT NULL,
    event_notes  text NOT NULL,
    receive_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, event_id)
)
"""
_INSERT = """
INSERT INTO client_events (tenant, event_id, request_id, create_time, type, jobs, event_notes)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, event_id) DO NOTHING
"""
_SAME = """
SELECT (request_id, create_time, type, jobs, event_notes) = ($3, $4, $5, $6, $7)
FROM client_events WHERE tenant = $1 AND event_id = $2
"""
_TIMESERIES = """
SELECT date_trunc('hour', create_time) AS time, type, count(*) AS count
FROM client_events WHERE tenant = $1 GROUP BY 1, 2 ORDER BY 1, 2
"""

Type = StrEnum("Type", {t.name: t.name for t in EventType if t})  # type: ignore[misc]


class _Message(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", populate_by_name=True)


class JobEvent(_Message):
    """What happened, and to which jobs."""

    type: Type
    jobs: Annotated[list[str], Field(min_length=1, max_length=500)]


class ClientEvent(_Message):
    """The contract's message, checked as far as types go."""

    request_id: Annotated[str, Field(max_length=255)] = ""
    event_id: Annotated[str, Field(min_length=1, max_length=255)]
    create_time: datetime
    job_event: JobEvent
    event_notes: Annotated[str, Field(max_length=1000)] = ""


async def _keep(connection: Any) -> None:
    """Leave a returned connection as it is; asyncpg's default asks the server to reset it."""


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    size = int(os.environ["PEER_POOL"])
    app.state.pool = await asyncpg.create_pool(
        os.environ["PEER_DSN"], min_size=size, max_size=size, reset=_keep
    )
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=_lifespan, openapi_url=None)


@app.post("/v4/projects/{project}/tenants/{tenant}/clientEvents")
async def create_client_event(
    project: str, tenant: str, event: ClientEvent, request: Request
) -> ClientEvent:
    """Record one event and answer with it."""
    values = (
        f"projects/{project}/tenants/{tenant}",
        event.event_id,
        event.request_id,
        event.create_time,
        event.job_event.type,
        event.job_event.jobs,
        event.event_notes,
    )
    async with request.app.state.pool.acquire() as connection:
        done = await connection.execute(_INSERT, *values)
        if done != "INSERT 0 1" and not await connection.fetchval(_SAME, *values):
            raise HTTPException(409, "event_id was used for another event")
    return event


@app.get("/v1/projects/{project}/tenants/{tenant}/reports/timeseries")
async def timeseries(project: str, tenant: str, request: Request) -> dict[str, Any]:
    """Count a tenant's events by hour and type."""
    async with request.app.state.pool.acquire() as connection:
        rows = await connection.fetch(_TIMESERIES, f"projects/{project}/tenants/{tenant}")
    return {"rows": [dict(row) for row in rows]}
