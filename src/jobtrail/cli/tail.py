"""``jobtrail tail``: the last events, and new ones as they are counted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobtrail.cli.connection import (
    Source,
    choose_tenant,
    get_json,
    open_source,
    tenant_path,
)
from jobtrail.cli.exits import CommandFailed, Exit, say
from jobtrail.cli.options import Data, Tenant, Url

if TYPE_CHECKING:
    from jobtrail.cli.server import Server

PAGE_EVENTS_MAX = 1_000
"""As many as the server gives at once."""
RECONNECT_ATTEMPTS = 30
RECONNECT_PAUSE_S = 1.0

Show = Callable[[dict[str, Any]], None]


def tail(
    tenant: Tenant = None,
    count: Annotated[
        int, typer.Option("-n", "--count", min=0, max=PAGE_EVENTS_MAX, help="Last events first.")
    ] = 10,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Go on with new events until Ctrl-C.")
    ] = True,
    request_id: Annotated[
        str | None, typer.Option(help="Only events of this request.", show_default=False)
    ] = None,
    job: Annotated[
        str | None, typer.Option(help="Only events of this job.", show_default=False)
    ] = None,
    type_: Annotated[
        str | None, typer.Option("--type", help="Only this event type.", show_default=False)
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line, for a program.")
    ] = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show the last events of one tenant, then new ones live, in the order they were recorded."""
    given = {"requestId": request_id, "job": job, "type": type_}
    filters = {name: value for name, value in given.items() if value}
    with open_source(data, url) as source:
        chosen = choose_tenant(source, tenant)
        show = _json_printer() if as_json else _line_printer(chosen)
        after = _show_last(source, chosen, count, filters, show)
        if not follow:
            return
        from jobtrail.cli.server import Server

        if not isinstance(source, Server):
            say(f"jobtrail: no server runs on {source.name}, so there is nothing to follow")
            return
        try:
            _follow(source, tenant_path(chosen, "/clientEvents:stream"), after, filters, show)
        except KeyboardInterrupt:
            raise typer.Exit(Exit.OK) from None


def _show_last(
    source: Source, tenant: str, count: int, filters: dict[str, str], show: Show
) -> int | None:
    """Show the last *count* events; return the offset of the last, ``None`` when there is none."""
    parameters = {"order": "desc", "pageSize": str(max(count, 1))} | filters
    answer = get_json(source, tenant_path(tenant, "/clientEvents"), parameters)
    newest_first = answer["clientEvents"]
    for event in reversed(newest_first[:count]):
        show(event)
    return newest_first[0]["receipt"]["offset"] if newest_first else None


def _follow(
    server: Server, path: str, after: int | None, filters: dict[str, str], show: Show
) -> None:
    """Show new events for as long as there is a server, over any number of connections."""
    import threading

    attempts_left = RECONNECT_ATTEMPTS
    while True:
        try:
            parameters = filters if after is None else filters | {"after": str(after)}
            with server.stream(path, parameters) as lines:
                for event in events_of(lines):
                    attempts_left = RECONNECT_ATTEMPTS
                    show(event)
                    after = event["receipt"]["offset"]
        except CommandFailed as failed:
            if failed.exit_code is not Exit.UNAVAILABLE or not attempts_left:
                raise
        # The engine may be on its way back; what came meanwhile is sent after `after`.
        attempts_left -= 1
        threading.Event().wait(RECONNECT_PAUSE_S)


def events_of(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Read the events out of Server-Sent Events, each of which has its data on one line."""
    import msgspec

    for line in lines:
        if line.startswith("data:"):
            yield msgspec.json.decode(line.removeprefix("data:"))


def _json_printer() -> Show:
    import msgspec

    def show(event: dict[str, Any]) -> None:
        sys.stdout.buffer.write(msgspec.json.encode(event) + b"\n")
        sys.stdout.buffer.flush()

    return show


def _line_printer(tenant: str) -> Show:
    from jobtrail.cli.event_lines import event_line
    from jobtrail.cli.tables import make_console

    console = make_console()
    return lambda event: console.print(event_line(event, tenant), soft_wrap=True)
