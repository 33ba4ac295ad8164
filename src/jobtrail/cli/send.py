"""``jobtrail send``: record an event by hand, or a file of them."""

from __future__ import annotations

import datetime as dt
import sys
import uuid
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from jobtrail.cli.connection import check_tenant, require_server, tls_context
from jobtrail.cli.exits import CommandFailed, Exit, say, usage
from jobtrail.cli.options import Data, Url


def send(
    tenant: Annotated[str, typer.Option(help="projects/PROJECT/tenants/TENANT.")],
    type_: Annotated[
        str | None, typer.Option("--type", help="Event type, such as VIEW.", show_default=False)
    ] = None,
    job: Annotated[
        list[str] | None,
        typer.Option(help="Job, by name or id; may be repeated.", show_default=False),
    ] = None,
    request_id: Annotated[
        str | None, typer.Option(help="The search that it belongs to.", show_default=False)
    ] = None,
    event_id: Annotated[
        str | None, typer.Option(help="Its id; a new UUID without it.", show_default=False)
    ] = None,
    create_time: Annotated[
        str | None, typer.Option(help="RFC 3339; now without it.", show_default=False)
    ] = None,
    notes: Annotated[str | None, typer.Option(help="event_notes.", show_default=False)] = None,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read one ClientEvent as JSON per line instead.")
    ] = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Record one event, or with --stdin one per line, and print what the server answers.

    Ends with 1 when an event was refused; the others are recorded all the same.
    """
    from jobtrail.cli.server import Server, error_message
    from jobtrail.wire.encode import TYPE_NAMES

    check_tenant(tenant)
    if not stdin and (type_ is None or not job):
        usage("say what happened with --type and --job, or give events with --stdin")
    if type_ is not None and type_ not in TYPE_NAMES.values():
        usage(f"--type {type_}: must be one of {', '.join(list(TYPE_NAMES.values())[1:])}")
    settings, address = require_server(data, url)
    event = {
        "requestId": request_id,
        "eventId": event_id or str(uuid.uuid4()),
        "createTime": create_time or f"{dt.datetime.now(dt.UTC).isoformat()[:-6]}Z",
        "jobEvent": {"type": type_, "jobs": [_full_name(name, tenant) for name in job or ()]},
        "eventNotes": notes,
    }
    refused = 0
    with Server.connect(address, tls_context(settings)) as server:
        for number, body in _lines() if stdin else _one(event):
            answer = server.post(f"/v4/{tenant}/clientEvents", body)
            if answer.is_success:
                print(answer.text)
            else:
                refused += 1
                message = error_message(answer.status_code, answer.content, address)
                say(f"line {number}: {message}" if stdin else message)
    if refused:
        raise CommandFailed(f"{refused} refused", Exit.FOUND)


def _full_name(job: str, tenant: str) -> str:
    return job if "/" in job else f"{tenant}/jobs/{job}"


def _one(event: dict[str, Any]) -> Iterator[tuple[int, bytes]]:
    import msgspec

    yield 1, msgspec.json.encode({key: value for key, value in event.items() if value is not None})


def _lines() -> Iterator[tuple[int, bytes]]:
    """Read lines with their numbers in the file; empty ones are passed over but counted."""
    for number, line in enumerate(sys.stdin.buffer, 1):
        if line.strip():
            yield number, line
