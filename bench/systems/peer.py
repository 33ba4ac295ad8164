"""The peer as a service: uvicorn with the peer's application, and its PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from bench.systems.peer_app import SCHEMA
from bench.systems.postgres import Postgres
from bench.systems.service import free_port, wait_for_port

# The best of 1 and 2 workers with 10, 20 and 40 connections each, on 2 cores: 6,300 events/s when
# nothing else ran, and one worker 5,600.
WORKERS = 2
POOL = 20


class Peer:
    """FastAPI, asyncpg and PostgreSQL."""

    name = "peer"

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._postgres = Postgres(folder / "postgres", environment=environment)
        self._uvicorn: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def start(self) -> None:
        """Start both and return once requests are taken."""
        self.launch()
        wait_for_port(self.port)

    def launch(self) -> None:
        """Start PostgreSQL, making it at first, and then uvicorn without waiting for it."""
        if not self._folder.exists():
            self._folder.mkdir(parents=True)
            self._folder.chmod(0o755)
            self._postgres.create()
            self._postgres.start()
            self._postgres.run_sql(SCHEMA)
        else:
            self._postgres.start()
        command = [sys.executable, "-m", "uvicorn", "bench.systems.peer_app:app"]
        command += ["--port", str(self.port), "--loop", "uvloop", "--http", "httptools"]
        command += ["--no-access-log", "--log-level", "warning", "--workers", str(WORKERS)]
        # An open loop keeps connections in reserve; uvicorn would close them after 5 s.
        command += ["--timeout-keep-alive", "600"]
        own = {"PEER_DSN": self._postgres.dsn, "PEER_POOL": str(POOL)}
        self._uvicorn = subprocess.Popen(command, env=os.environ | self._environment | own)

    def stop(self) -> None:
        """Stop both."""
        if self._uvicorn is not None and self._uvicorn.poll() is None:
            self._uvicorn.send_signal(signal.SIGTERM)
            self._uvicorn.wait(60)
        self._postgres.stop()

    def forget(self) -> None:
        """Stop both and delete the cluster."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def processes(self) -> list[int]:
        """Return uvicorn's first process and the postmaster."""
        assert self._uvicorn is not None
        return [self._uvicorn.pid, self._postgres.pid]

    def recorded(self) -> int:
        """Count the rows of its table."""
        return int(self._postgres.run_sql("SELECT count(*) FROM client_events"))

    def settle(self) -> None:
        """Return at once: a committed row is in its reports."""

    def fill(self, tenant: str, count: int) -> None:
        """Put *count* rows in without the way over HTTP, which would take minutes."""
        self._postgres.run_sql(
            f"""
            INSERT INTO client_events
            SELECT '{tenant}', gen_random_uuid(), gen_random_uuid() || ':APAb7ISd4Sc5faibw2V5hTU/O',
                   timestamptz '2026-11-20' + make_interval(secs => n % 86400), 'VIEW',
                   ARRAY['{tenant}/jobs/' || n % 5000], 'opened from the list of results', now()
            FROM generate_series(1, {count}) n;
            CHECKPOINT;
            """  # noqa: S608 - both are ours
        )

    def disk_bytes(self) -> dict[str, int]:
        """Return the size of the table with its index."""
        size = self._postgres.run_sql("SELECT pg_total_relation_size('client_events')")
        return {"table": int(size)}
