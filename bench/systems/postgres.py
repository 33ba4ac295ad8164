"""A PostgreSQL server of our own, in a temporary folder and on a Unix socket."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

OWNER = "postgres"
_START_TIMEOUT_S = 60.0

SETTINGS = {
    # Durable: these three are PostgreSQL's own defaults, said aloud.
    "synchronous_commit": "on",
    "fsync": "on",
    "full_page_writes": "on",
    # Tuned as one would on a machine of this size; the defaults are for a far smaller one.
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "wal_buffers": "16MB",
    "max_connections": "100",
    "listen_addresses": "",
}


class PostgresMissingError(Exception):
    """PostgreSQL is not installed; the message says how to get it."""


def find_programs() -> Path:
    """Return the folder of initdb and postgres.

    Raises:
        PostgresMissingError: If there is none.
    """
    found = shutil.which("postgres")
    if found:
        return Path(found).resolve().parent
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: float(p.parts[-3])
    )
    if not versions:
        raise PostgresMissingError(
            "PostgreSQL is not installed, so there is no peer to compare with;"
            " on Debian: apt-get install postgresql"
        )
    return versions[-1].parent


def version() -> str:
    """Return what the installed server calls itself."""
    command = [str(find_programs() / "postgres"), "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


class Postgres:
    """One cluster; it refuses to run as root, so root starts it as the user postgres."""

    def __init__(self, folder: Path, *, environment: dict[str, str]) -> None:
        self._folder = folder
        self._programs = find_programs()
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._as_owner: dict[str, str] = {"user": OWNER, "group": OWNER} if not os.geteuid() else {}

    @property
    def dsn(self) -> str:
        """Connection string of its Unix socket."""
        user = OWNER if self._as_owner else pwd.getpwuid(os.geteuid()).pw_name
        return f"postgresql:///postgres?host={self._folder}&user={user}"

    @property
    def pid(self) -> int:
        """Process id of the postmaster."""
        assert self._process is not None
        return self._process.pid

    def create(self) -> None:
        """Make the cluster, with the tables of nobody in it."""
        self._folder.mkdir(parents=True)
        if self._as_owner:
            shutil.chown(self._folder, OWNER, OWNER)
        self._folder.chmod(0o755)
        self._run(
            "initdb", "--pgdata", self._data, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"
        )
        lines = "".join(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
        with (Path(self._data) / "postgresql.auto.conf").open("a") as file:
            file.write(lines)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        command = [self._programs / "postgres", "-D", self._data, "-k", self._folder]
        with (self._folder / "postgres.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=os.environ | self._environment,
                stdout=log,
                stderr=log,
                cwd="/",
                **self._as_owner,  # type: ignore[call-overload]
            )
        deadline = time.monotonic() + _START_TIMEOUT_S
        ask = [str(self._programs / "pg_isready"), "-q", "-h", str(self._folder)]
        while subprocess.run(ask, check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self._folder / "postgres.log").read_text()[-2000:])
            time.sleep(0.01)

    def run_sql(self, sql: str) -> str:
        """Run statements and return what psql prints of their rows."""
        command = [
            str(self._programs / "psql"),
            "--dbname",
            self.dsn,
            "-qAtX",
            "-v",
            "ON_ERROR_STOP=1",
        ]
        done = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def stop(self) -> None:
        """Stop it as ``pg_ctl stop -m fast`` does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **self._as_owner,  # type: ignore[call-overload]
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr}")
