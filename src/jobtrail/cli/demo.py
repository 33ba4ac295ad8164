"""``jobtrail demo``: a service with a small job market in it, to look at within a minute."""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, urlsplit

import typer

from jobtrail.cli.exits import CommandFailed, Exit, say, unavailable, usage

if TYPE_CHECKING:
    from jobtrail.cli.server import Server
    from jobtrail.demo.delivery import Plan
    from jobtrail.demo.recording import Recorded

EVENTS = 20_000
_STORE_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 30.0
_POLL_S = 0.1


def demo(
    events: Annotated[int, typer.Option(min=1, help="How many events to record.")] = EVENTS,
    seed: Annotated[int, typer.Option(help="The same seed makes the same market.")] = 1,
    until: Annotated[
        str | None,
        typer.Option(help="Day (UTC) at whose beginning the ninety days end; today without it."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Data folder to keep; without it a temporary one, removed at the end."),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8080,
    once: Annotated[
        bool, typer.Option("--once", help="End when the events are recorded and shown.")
    ] = False,
) -> None:
    """Start a service and record a job market into it, through Google's own client.

    Ninety days of searches with result lists, views, applications of all kinds, interviews and
    hires weeks later; repeat visitors, bots, late, repeated and broken events. Prints the funnel
    and the address of the page, and stays up until Ctrl-C. A second run on the same folder and
    day records the same events again, and each still counts once.
    """
    _require_client()
    end = _parse_until(until)
    from jobtrail.demo.delivery import make_plan
    from jobtrail.demo.market import TENANT

    plan = make_plan(seed, end, events)
    _take_all_signals_as_ctrl_c()
    with tempfile.TemporaryDirectory(prefix="jobtrail-demo-") as temporary:
        folder = data or Path(temporary) / "data"
        with _service(folder, host, port) as (process, url):
            _fill(plan, url)
            try:
                print(f"page: {url}/?tenant={quote(TENANT, safe='')}", flush=True)
                if once:
                    return
                say("Ctrl-C ends it" + ("." if data else " and removes its data."))
                # Not process.wait(): a signal that comes just before it would never be noticed.
                while process.poll() is None:
                    time.sleep(_POLL_S)
            except KeyboardInterrupt:
                return
            unavailable("the service ended by itself; its messages are above")


def _require_client() -> None:
    if find_spec("grpc") is None or find_spec("google.cloud.talent_v4") is None:
        unavailable(
            "the demo records through Google's client, which is not installed: "
            "pip install 'jobtrail[demo]'"
        )


def _parse_until(given: str | None) -> int:
    """Return the end of the market in nanoseconds since 1970."""
    try:
        day = dt.date.fromisoformat(given) if given else dt.datetime.now(dt.UTC).date()
    except ValueError:
        usage(f"--until {given}: must be a day such as 2026-11-24")
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    return int(midnight.timestamp()) * 1_000_000_000


def _take_all_signals_as_ctrl_c() -> None:
    """End in one way whoever ends it, so that service and temporary folder always go along.

    SIGINT itself is ignored in a program that a script has started in the background.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))


@contextmanager
def _service(folder: Path, host: str, port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run ``jobtrail serve`` for as long as the demo lasts."""
    command = [sys.executable, "-m", "jobtrail", "serve", "--data", str(folder)]
    command += ["--host", host, "--port", str(port), "--log-level", "warning"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    ready = process.stdout.readline()
    try:
        if " is ready on " not in ready:
            # It has said itself what is wrong.
            raise CommandFailed("the service did not start", Exit.UNAVAILABLE)
        print(ready, end="", flush=True)
        yield process, ready.split(" is ready on ")[1].split()[0]
    finally:
        process.terminate()
        process.wait(_STOP_TIMEOUT_S)
        if ready:  # else the folder may be another service's
            _wait_until_free(folder)


def _wait_until_free(folder: Path) -> None:
    """Wait for the children of a service that was killed, which go on writing for a moment."""
    from jobtrail.datafolder import read_holder

    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while read_holder(folder) is not None and time.monotonic() < deadline:
        time.sleep(_POLL_S)


def _fill(plan: Plan, url: str) -> None:
    """Record the plan, wait until reports show it, and print what they say."""
    import ssl

    from google.api_core.exceptions import GoogleAPICallError

    from jobtrail.cli.connection import get_json, tenant_path
    from jobtrail.cli.progress import show_progress
    from jobtrail.cli.report import show_report
    from jobtrail.cli.server import Server
    from jobtrail.demo.market import TENANT
    from jobtrail.demo.recording import expected_events, record

    started = time.monotonic()
    with show_progress() as progress:
        recording = record(
            plan, urlsplit(url).netloc, lambda done, total: progress("recording", done, total)
        )
        try:
            recorded = asyncio.run(recording)
        except GoogleAPICallError as error:
            unavailable(f"the service did not take all events: {error.message}")
    seconds = time.monotonic() - started
    with Server.connect(url, ssl.create_default_context()) as server:
        _wait_for_store(server)
        rows = get_json(server, tenant_path(TENANT, "/reports/timeseries"), {})["rows"]
        counted = sum(row["count"] for row in rows)
        show_report(get_json(server, tenant_path(TENANT, "/reports/funnel"), {}))
    _summarize(plan, recorded, seconds, counted)
    if recorded.surprises or counted < expected_events(plan.sendings):
        for surprise in recorded.surprises[:10]:
            say(surprise)
        raise CommandFailed("the service did not answer as it must", Exit.FOUND)


def _wait_for_store(server: Server) -> None:
    from jobtrail.cli.connection import get_json

    deadline = time.monotonic() + _STORE_TIMEOUT_S
    while time.monotonic() < deadline:
        status = get_json(server, "/v1/status", {})
        if status["store"]["loadedOffset"] >= status["log"]["endOffset"]:
            return
        time.sleep(_POLL_S)
    unavailable(f"the store did not count all events within {_STORE_TIMEOUT_S:g} s")


def _summarize(plan: Plan, recorded: Recorded, seconds: float, counted: int) -> None:
    calls = len(plan.sendings) + len(plan.conflicts)
    repeated = sum(sending.expected == "duplicate" for sending in plan.sendings)
    refused = ", ".join(f"{count} {reason}" for reason, count in sorted(recorded.refused.items()))
    print(
        f"{calls:,} calls of Google's Python client in {seconds:.1f} s: {counted:,} events counted"
        f" once each; {repeated:,} of the calls repeated an event; refused: {refused or 'none'}"
    )
