"""``jobtrail trail``: all that happened under one request, in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from jobtrail.cli.connection import Source, choose_tenant, get_json, open_source, tenant_path
from jobtrail.cli.options import Data, Json, Tenant, Url

PAGE_EVENTS_MAX = 1_000


def trail(
    request_id: Annotated[str, typer.Argument(help="The request_id that the events carry.")],
    tenant: Tenant = None,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show one trail from impression to hire: what happened when, where on the list, what is odd.

    The order is that of the clients' clocks.
    """
    with open_source(data, url) as source:
        chosen = choose_tenant(source, tenant)
        events = list(_events(source, chosen, request_id))
    if as_json:
        import msgspec

        answer = {"requestId": request_id, "clientEvents": events}
        print(msgspec.json.encode(answer).decode())
        return
    _show(events, chosen)


def _events(source: Source, tenant: str, request_id: str) -> Iterator[dict[str, Any]]:
    """Read all pages of a trail."""
    parameters = {"requestId": request_id, "pageSize": str(PAGE_EVENTS_MAX)}
    while True:
        answer = get_json(source, tenant_path(tenant, "/trails"), parameters)
        yield from answer["clientEvents"]
        if "nextPageToken" not in answer:
            return
        parameters["pageToken"] = answer["nextPageToken"]


def _show(events: list[dict[str, Any]], tenant: str) -> None:
    from jobtrail.cli.event_lines import instant, jobs_text, printable
    from jobtrail.cli.tables import Column, print_table

    columns = [Column(t) for t in ("time", "after", "type", "jobs", "position", "notes", "checks")]
    shown: dict[str, int] = {}
    rows = []
    before = None
    for event in events:
        now = instant(event["createTime"])
        rows.append(
            (
                f"{now:%Y-%m-%d %H:%M:%S}",
                "" if before is None else duration_text((now - before).total_seconds()),
                event["jobEvent"]["type"],
                jobs_text(event, tenant),
                _position(event, shown),
                printable(event.get("eventNotes", "")),
                ", ".join(event["receipt"]["checks"]),
            )
        )
        before = now
    print_table(columns, rows)


def _position(event: dict[str, Any], shown: dict[str, int]) -> str:
    """Say where the event's job stood: by the event itself, else by an IMPRESSION before it.

    *shown* keeps the places for the events after it.
    """
    places = event["receipt"].get("positions", ())
    for place in places:
        shown.setdefault(place["job"], place["position"])
    if len(places) > 1:
        return f"{places[0]['position']} to {places[-1]['position']}"
    jobs = event["jobEvent"]["jobs"]
    return str(shown.get(jobs[0], "")) if len(jobs) == 1 else ""


def duration_text(seconds: float) -> str:
    """Write a time between two events in its two largest units: ``+3 min 20 s``."""
    sign = "-" if seconds < 0 else "+"
    rest = abs(seconds)
    # One decimal of seconds tells two clicks apart; beyond a minute nobody wants it.
    if rest < 60:
        return f"{sign}{rest:.1f} s"
    parts: list[str] = []
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or parts:
            parts.append(f"{count:.0f} {name}")
        if len(parts) == 2:
            break
    return sign + " ".join(parts)
