"""The page in a real browser: what it shows, what it asks for, that nothing is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.service import Service, event_json, new_tenant, wait_until

pytestmark = pytest.mark.browser

NOW = datetime.now(UTC)
DASH = "\u2013"
HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
VISIBLE_MS = 20_000
"""Some seconds until an event is loaded and the page asks again; the rest is for a busy machine."""


def at(**ago: float) -> str:
    return (NOW - timedelta(**ago)).isoformat().replace("+00:00", "Z")


def record(server: Service, tenant: str, type_: str, jobs: list[str], **changes: Any) -> str:
    names = [f"{tenant}/jobs/{job}" for job in jobs]
    event = event_json(
        tenant, **{"createTime": at(hours=1), "jobEvent": {"type": type_, "jobs": names}, **changes}
    )
    response = server.record(tenant, event)
    assert response.status_code == 200, response.text
    return str(event["eventId"])


@pytest.fixture(scope="module")
def tenant(server: Service) -> str:
    """A tenant with one small market: ten jobs shown, four opened, two applied for, one hire."""
    name = new_tenant()
    search = "8d2bdd5d-1361-42a5-a0fd-bd2b58b7d8fb:APAb7ISd4Sc5faibw2V5hTU/OoC2WAW5AA=="
    same = {"requestId": search}
    jobs = [f"j{n}" for n in range(10)]
    record(server, name, "IMPRESSION", jobs, createTime=at(hours=10), **same)
    for job in jobs[:3]:
        record(server, name, "VIEW", [job], createTime=at(hours=9.9), **same)
    # j3 was opened, but nobody told us: its application implies it.
    record(server, name, "APPLICATION_START", ["j3"], createTime=at(hours=9.8), **same)
    record(server, name, "APPLICATION_FINISH", ["j3"], createTime=at(hours=9.7), **same)
    record(server, name, "APPLICATION_QUICK_SUBMISSION", ["j0"], createTime=at(hours=9.6), **same)
    record(server, name, "HIRED", ["j0"], createTime=at(hours=2), **same)
    server.wait_until_counted(name, 8)
    return name


FUNNEL = {
    "impression": (10, 0),
    "view": (3, 1),
    "application_start": (1, 1),
    "application_finish": (2, 0),
    "interview": (0, 1),
    "hire": (1, 0),
}
"""Worked by hand from the events above: recorded and implied pairs."""


def address(server: Service, tenant: str, **filters: str) -> str:
    return f"{server.url}/?{urlencode({'tenant': tenant, **filters})}"


def wait_for_charts(page: Page) -> None:
    for chart in ("volume-chart", "funnel-chart"):
        page.wait_for_selector(f"#{chart} .main-svg")


def refresh(page: Page, part: str) -> None:
    """Let a part of the page be asked for again now, as its timer does every 2 or 10 s."""
    with page.expect_response(lambda response: f"part={part}" in response.url):
        page.evaluate(f"htmx.trigger('#{part}', 'every')")


def cell(page: Page, stage: str, field: str) -> Locator:
    return page.locator(f"#funnel-table tr[data-stage={stage}] [data-field={field}]")


def test_the_page_keeps_its_policy_and_asks_no_other_host(
    server: Service, tenant: str, open_page: OpenPage
) -> None:
    seen = open_page(address(server, tenant))
    wait_for_charts(seen.page)
    for part in ("numbers", "live", "checks"):
        refresh(seen.page, part)
    seen.page.mouse.move(400, 500)
    assert seen.complaints() == []
    assert seen.hosts() == {urlsplit(server.url).netloc}
    assert seen.page.locator("style").count() == 0


def test_the_policy_allows_nothing_inline(server: Service, tenant: str) -> None:
    import httpx

    headers = httpx.get(address(server, tenant)).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_funnel_on_the_page_is_what_was_recorded(
    server: Service, tenant: str, open_page: OpenPage
) -> None:
    page = open_page(address(server, tenant)).page
    wait_for_charts(page)
    for stage, (count, implied) in FUNNEL.items():
        expect(cell(page, stage, "count")).to_have_text(str(count))
        expect(cell(page, stage, "implied")).to_have_text(str(implied or DASH))
    expect(cell(page, "view", "rate")).to_have_text("40.0 %")
    expect(cell(page, "view", "interval")).to_contain_text(f"16.8{DASH}68.7 %")
    drawn = page.evaluate(
        "document.getElementById('funnel-chart').data.map((trace) => Array.from(trace.x))"
    )
    assert drawn == [[pair[part] for pair in FUNNEL.values()] for part in (0, 1)]


def test_the_volume_on_the_page_is_what_was_recorded(
    server: Service, tenant: str, open_page: OpenPage
) -> None:
    page = open_page(address(server, tenant)).page
    wait_for_charts(page)
    drawn = page.evaluate(
        "Object.fromEntries(document.getElementById('volume-chart').data.map("
        "(trace) => [trace.name, trace.y.reduce((a, b) => a + b, 0)]))"
    )
    assert drawn == {
        "Impression": 1,
        "View": 3,
        "Application start": 1,
        "Application finish": 1,
        "Application quick submission": 1,
        "Hired": 1,
    }
    expect(page.locator(".tile .value").first).to_have_text("8")


def test_a_new_event_appears_by_itself_with_its_checks_and_its_hostile_texts_as_text(
    server: Service, open_page: OpenPage
) -> None:
    tenant = new_tenant()
    record(server, tenant, "VIEW", ["j1"])
    server.wait_until_counted(tenant, 1)
    seen = open_page(address(server, tenant))
    expect(seen.page.locator("#events-table tbody tr")).to_have_count(1)
    event_id = record(
        server,
        tenant,
        "VIEW",
        ['"><i>j2'],
        eventId=f"{HOSTILE}-id",
        eventNotes=HOSTILE,
        createTime="1970-01-20T18:00:00Z",
    )
    row = seen.page.locator("#events-table tbody tr").first
    expect(row).to_contain_text('"><i>j2', timeout=VISIBLE_MS)
    expect(row.locator(".check")).to_contain_text(["create time 1970"])
    row.locator("summary").click()
    expect(row.locator("dl")).to_contain_text(HOSTILE)
    expect(row.locator("dl")).to_contain_text(event_id)
    # It stays open while the list refreshes, and a third event goes above it.
    third = record(server, tenant, "HIRED", ["j3"])
    expect(seen.page.locator("#events-table tbody tr").first).to_have_attribute(
        "data-event-id", third, timeout=VISIBLE_MS
    )
    assert seen.page.locator("#events-table details[open]").count() == 1
    assert seen.page.locator("#events-table tbody tr").nth(1).locator("details[open]").count() == 1
    assert seen.page.evaluate("window.hacked") is None
    assert seen.complaints() == []


def test_numbers_and_charts_follow_what_is_recorded(server: Service, open_page: OpenPage) -> None:
    tenant = new_tenant()
    record(server, tenant, "VIEW", ["j1"])
    server.wait_until_counted(tenant, 1)
    seen = open_page(address(server, tenant))
    wait_for_charts(seen.page)
    record(server, tenant, "VIEW", ["j1"])
    record(server, tenant, "HIRED", ["j1"])
    server.wait_until_counted(tenant, 3)

    def is_refreshed() -> bool:
        refresh(seen.page, "numbers")
        return seen.page.locator(".tile .value").first.inner_text() == "3"

    wait_until(is_refreshed, timeout=VISIBLE_MS / 1000)
    drawn = "document.getElementById('volume-chart').data.map((trace) => [trace.name, trace.y[0]])"
    wait_until(lambda: seen.page.evaluate(drawn) == [["View", 2], ["Hired", 1]])
    assert seen.complaints() == []


def test_an_empty_service_explains_itself_and_shows_the_first_event_by_itself(
    start_server: Callable[..., Service], open_page: OpenPage
) -> None:
    server = start_server()
    seen = open_page(server.url)
    expect(seen.page.get_by_role("heading", level=1)).to_have_text("No events yet")
    assert "curl" in seen.page.locator("pre").first.inner_text()
    record(server, "projects/p/tenants/t", "VIEW", ["j"])
    expect(seen.page.locator("#events-table tbody tr")).to_have_count(1, timeout=VISIBLE_MS)
    assert seen.complaints() == []


def test_the_first_event_that_the_page_offers_can_be_sent_as_it_is(
    start_server: Callable[..., Service], open_page: OpenPage
) -> None:
    import subprocess
    import sys

    server = start_server()
    seen = open_page(server.url)
    curl, python = (block.inner_text() for block in seen.page.locator("pre").all())
    sent = subprocess.run(
        ["sh", "-c", f"{curl} -sS --fail"], check=False, capture_output=True, text=True
    )
    assert sent.returncode == 0, sent.stderr
    ran = subprocess.run(
        [sys.executable, "-c", python], check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    expect(seen.page.locator("#events-table tbody tr")).to_have_count(2, timeout=VISIBLE_MS)


def test_a_tenant_with_quotes_and_brackets_in_its_name_can_be_picked(
    server: Service, open_page: OpenPage
) -> None:
    from urllib.parse import quote

    name = "projects/a\"b<i>c/tenants/d'e&f"
    path = "/".join(quote(part, safe="") for part in name.split("/"))
    event = event_json("projects/x/tenants/y", createTime=at(hours=1))
    assert server.record(path, event).status_code == 200
    server.wait_until_counted(path, 1)
    seen = open_page(address(server, name))
    expect(seen.page.locator("#tenant")).to_have_value(name)
    expect(seen.page.locator("#events-table tbody tr")).to_have_count(1)
    assert seen.complaints() == []


def luminance(color: str) -> float:
    """Relative luminance of ``rgb(r, g, b)`` as WCAG 2.2 defines it."""
    channels = [int(value) / 255 for value in re.findall(r"\d+", color)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


COLORS = """() => {
  const style = (element, name) => getComputedStyle(element)[name];
  const card = style(document.querySelector('.card'), 'backgroundColor');
  return [...document.querySelectorAll('.card *')]
    .filter((element) => element.childNodes.length && [...element.childNodes].some(
      (node) => node.nodeType === 3 && node.data.trim()) && element.checkVisibility())
    .filter((element) => !element.closest('svg, .chart, .check, .actions, .badge, [aria-current]'))
    .map((element) => [element.textContent.trim().slice(0, 40), style(element, 'color'), card]);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast_and_charts_follow_the_scheme(
    server: Service, tenant: str, open_page: OpenPage, scheme: str
) -> None:
    page = open_page(address(server, tenant), color_scheme=scheme).page
    wait_for_charts(page)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (luminance(background) < 0.1) == (scheme == "dark")
    texts = page.evaluate(COLORS)
    assert len(texts) > 30
    weak = [(text, contrast(color, card)) for text, color, card in texts]
    assert [pair for pair in weak if pair[1] < 4.5] == []
    font = page.evaluate("document.getElementById('volume-chart')._fullLayout.font.color")
    red, green, blue = (int(font[start : start + 2], 16) for start in (1, 3, 5))
    assert (luminance(f"rgb({red}, {green}, {blue})") > 0.3) == (scheme == "dark")


def test_charts_change_with_the_scheme_while_the_page_is_open(
    server: Service, tenant: str, open_page: OpenPage
) -> None:
    page = open_page(address(server, tenant), color_scheme="light").page
    wait_for_charts(page)
    color = "document.getElementById('funnel-chart').data[0].marker.color[1]"
    light = page.evaluate(color)
    page.emulate_media(color_scheme="dark")
    wait_until(lambda: page.evaluate(color) != light)


@pytest.mark.parametrize("width", [375, 320, 768])
def test_nothing_is_wider_than_a_phone(
    server: Service, tenant: str, open_page: OpenPage, width: int
) -> None:
    page = open_page(
        address(server, tenant, job="j0"), viewport={"width": width, "height": 800}
    ).page
    wait_for_charts(page)
    page.locator("#events-table summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_without_javascript_all_numbers_are_there(
    server: Service, tenant: str, open_page: OpenPage
) -> None:
    seen = open_page(address(server, tenant), java_script_enabled=False)
    page = seen.page
    for stage, (count, _) in FUNNEL.items():
        expect(cell(page, stage, "count")).to_have_text(str(count))
    expect(page.locator("#events-table tbody tr")).to_have_count(8)
    page.locator(".as-table summary").click()
    expect(page.locator(".as-table tbody tr td.total").first).to_be_visible()
    expect(page.locator("#outcomes-table [data-outcome=admitted]")).to_contain_text("8")
    page.locator(".more summary").click()
    page.locator("#f-type").select_option("VIEW")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#events-table tbody tr")).to_have_count(3)
    assert "type=VIEW" in page.url
    assert seen.hosts() == {urlsplit(server.url).netloc}


def test_filters_go_into_the_address_and_mistakes_are_explained(
    server: Service, tenant: str, open_page: OpenPage
) -> None:
    page = open_page(address(server, tenant)).page
    page.locator(".more summary").click()
    page.locator("#f-job").fill("j0")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**job=j0**")
    expect(cell(page, "impression", "count")).to_have_text("1")
    page.goto(address(server, tenant, start="yesterday"))
    expect(page.get_by_role("alert")).to_contain_text("start: must be RFC 3339")
    page.get_by_role("link", name="Show everything with the usual ones").click()
    expect(cell(page, "impression", "count")).to_have_text("10")


def test_pausing_stops_the_page_from_changing(server: Service, open_page: OpenPage) -> None:
    tenant = new_tenant()
    record(server, tenant, "VIEW", ["j1"])
    server.wait_until_counted(tenant, 1)
    seen = open_page(address(server, tenant))
    seen.page.get_by_role("button", name="Pause").click()
    expect(seen.page.get_by_role("status")).to_have_text("Paused")
    record(server, tenant, "VIEW", ["j2"])
    server.wait_until_counted(tenant, 2)
    before = len(seen.addresses)
    # What the page's timer does every two seconds; a request after it is one that it let through.
    seen.page.evaluate("htmx.trigger('#live', 'every')")
    seen.page.evaluate("fetch('/v1/status').then((answer) => answer.text())")
    asked = [urlsplit(address).path for address in seen.addresses[before:]]
    assert asked == ["/v1/status"]
    expect(seen.page.locator("#events-table tbody tr")).to_have_count(1)
    seen.page.get_by_role("button", name="Resume").click()
    expect(seen.page.locator("#events-table tbody tr")).to_have_count(2, timeout=VISIBLE_MS)


def test_the_page_can_be_walked_by_landmarks_headings_and_labels(
    server: Service, tenant: str, open_page: OpenPage
) -> None:
    page = open_page(address(server, tenant)).page
    for role in ("banner", "main", "contentinfo"):
        expect(page.get_by_role(role)).to_have_count(1)  # type: ignore[arg-type]
    headings = page.get_by_role("heading", level=2).all_inner_texts()
    assert {"Events over time", "Funnel", "Last events", "Health", "Flagged events"} <= set(
        headings
    )
    page.locator(".more summary").click()
    unnamed = page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden]), select, button')]"
        ".filter((e) => !(e.labels && e.labels.length) && !e.textContent.trim()).length"
    )
    assert unnamed == 0
    for table in page.locator("table").all():
        assert table.locator("th").count() > 0
