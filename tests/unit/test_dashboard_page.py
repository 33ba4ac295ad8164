"""The page's templates, for what a healthy small service never shows."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from jobtrail.engine.dashboard.filters import Filters
from jobtrail.engine.dashboard.flags import Flags
from jobtrail.engine.dashboard.live import Live
from jobtrail.engine.dashboard.page import Page
from jobtrail.engine.dashboard.problem import PENDING, Problem
from jobtrail.engine.dashboard.rendering import render_page, render_part, render_trouble
from jobtrail.engine.health import Health

TENANT = "projects/p/tenants/t"
HEALTH = Health(
    end_offset=10,
    loaded_offset=7,
    silent_ms=None,
    lag_ms=3_000,
    problem="",
    outcomes=[("admitted", 10), ("duplicate", 0), ("rejected", 1)],
    rejections=[("jobs_missing", 1)],
)
PAGE = Page(
    filters=Filters(),
    tenant=TENANT,
    tenants=[TENANT],
    base_url="http://localhost:8080",
    now=datetime(2026, 11, 24, tzinfo=UTC),
    has_events=True,
    numbers=Problem("the <store> is away."),
    live=Live(today=date(2026, 11, 24), events=[], health=HEALTH),
    checks=Flags([]),
)


def test_a_part_that_failed_says_why_and_leaves_the_others() -> None:
    html = render_page(PAGE)
    assert "The numbers cannot be shown now.</strong> the &lt;store&gt; is away." in html
    assert "Nothing odd about the events in this range." in html


def test_a_part_that_is_still_made_asks_for_itself_again() -> None:
    html = render_part(msgspec.structs.replace(PAGE, numbers=PENDING), "numbers")
    assert 'hx-trigger="load delay:1s"' in html
    assert "part=numbers" in html
    assert "cannot be shown" not in html


def test_a_store_that_is_behind_or_stuck_says_so() -> None:
    late = render_part(PAGE, "live")
    assert 'class="state late"' in late
    assert "3 <span" in late
    health = msgspec.structs.replace(HEALTH, problem='disk "full" <b>')
    stuck = msgspec.structs.replace(
        PAGE, live=Live(today=date(2026, 11, 24), events=Problem("?"), health=health)
    )
    html = render_part(stuck, "live")
    assert 'class="state stuck"' in html
    assert "disk &#34;full&#34; &lt;b&gt;" in html


def test_health_that_cannot_be_read_is_a_problem_of_that_card_alone() -> None:
    live = Live(today=date(2026, 11, 24), events=[], health=Problem("no log"))
    html = render_part(msgspec.structs.replace(PAGE, live=live), "live")
    assert "The health of the service cannot be shown now.</strong> no log" in html
    assert "New ones appear here by themselves" in html


def test_an_empty_page_offers_commands_for_the_named_tenant_safely_quoted() -> None:
    name = "projects/p's/tenants/t&<"
    page = msgspec.structs.replace(PAGE, tenant=name, has_events=False, tenants=[], numbers=None)
    html = render_page(page)
    assert "projects/p%27s/tenants/t%26%3C/clientEvents" in html
    assert "<code>curl http://localhost:8080" in html
    assert "t&<" not in html


def test_trouble_is_told_on_a_page_of_its_own() -> None:
    html = render_trouble("Not now", "<because>")
    assert "<h1>Not now</h1>" in html
    assert "&lt;because&gt;" in html
