"""The engine's API over its socket: what it answers, and that errors are Google's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest

from jobtrail.errors import Reason
from jobtrail.eventlog.record import Rejection
from jobtrail.events import Event, EventType
from jobtrail.settings import Settings
from tests.engine_process import EngineProcess, write_log
from tests.events import T0, an_event

TENANT = "projects/p/tenants/t"
HOSTILE = 'a/b?c#d&e=%2F "<é>\\'
OTHER = "projects/o/tenants/o"
BASE = f"/v1/{TENANT}"
REQUEST_ID = "8d2bdd5d-1361-42a5-a0fd-bd2b58b7d8fb:APAb7ISd4Sc5faibw2V5hTU/OoC2WAW5AA=="


def events() -> list[Event]:
    job = [f"{TENANT}/jobs/j{n}" for n in range(3)]
    impression = int(EventType.IMPRESSION)
    return [
        an_event(TENANT, event_id="e0", type=impression, jobs=tuple(job), request_id=REQUEST_ID),
        an_event(TENANT, event_id="e1", jobs=(job[0],), request_id=REQUEST_ID),
        # Older by the client's clock, with nanoseconds, under an id that paths must not take apart.
        an_event(
            TENANT,
            event_id=HOSTILE,
            jobs=(job[1],),
            request_id=REQUEST_ID,
            create_seconds=T0 - 5,
            create_nanos=123_456_789,
            event_notes="</script>",
        ),
        an_event(OTHER, event_id="e0", checks=("request_id_invented",)),
        an_event(TENANT, event_id="e4", type=int(EventType.HIRED), jobs=(job[2],), request_id=""),
        # Impressions are expected once; this one is odd because of the first.
        an_event(TENANT, event_id="e5", type=impression, jobs=(job[0],), request_id=REQUEST_ID),
        an_event(TENANT, event_id="e6", create_seconds=-62135596800, request_id="y"),
    ]


def rejections() -> list[Rejection]:
    common: dict[str, Any] = {"receive_time": T0 * 10**9, "api": "rest/v4"}
    return [
        Rejection(
            reason=Reason.JOBS_MISSING,
            message="jobs are missing",
            tenant=TENANT,
            fields=("client_event.job_event.jobs",),
            payload=b'{"eventId": "x"}',
            event_id="x",
            **common,
        ),
        Rejection(reason=Reason.BODY_UNREADABLE, message="?", payload=b"\xff\x00", **common),
    ]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    settings = Settings(data=str(tmp_path_factory.mktemp("data")), streams_max=2)
    written = events()
    write_log(settings, written, rejections())
    engine = EngineProcess(settings)
    engine.wait_until_loaded(len(written))
    yield engine
    assert engine.stop() == 0, engine.errors()


def ids(answer: dict[str, Any]) -> list[str]:
    return [event["eventId"] for event in answer["clientEvents"]]


def test_events_are_listed_in_the_order_of_the_log_and_against_it(engine: EngineProcess) -> None:
    forwards = ids(engine.get(f"{BASE}/clientEvents"))
    assert forwards == ["e0", "e1", HOSTILE, "e4", "e5", "e6"]
    assert ids(engine.get(f"{BASE}/clientEvents", order="desc")) == forwards[::-1]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_together_are_the_whole_list(engine: EngineProcess, order: str) -> None:
    whole = ids(engine.get(f"{BASE}/clientEvents", order=order))
    read: list[str] = []
    parameters = {"order": order, "pageSize": 4}
    while True:
        answer = engine.get(f"{BASE}/clientEvents", **parameters)
        read += ids(answer)
        if "nextPageToken" not in answer:
            break
        parameters["pageToken"] = answer["nextPageToken"]
    assert read == whole


def test_a_list_can_be_narrowed(engine: EngineProcess) -> None:
    def listed(**parameters: Any) -> list[str]:
        return ids(engine.get(f"{BASE}/clientEvents", **parameters))

    assert listed(type="HIRED") == ["e4"]
    assert listed(requestId=REQUEST_ID) == ["e0", "e1", HOSTILE, "e5"]
    assert listed(job="j1") == listed(job=f"{TENANT}/jobs/j1") == ["e0", HOSTILE, "e6"]
    assert listed(after=4) == ["e5", "e6"]
    assert listed(after=4, order="desc", pageSize=1) == ["e6"]
    assert listed(job="nothing") == []


def test_an_event_is_answered_exactly_as_it_was_sent_and_with_its_receipt(
    engine: EngineProcess,
) -> None:
    found = engine.get(f"{BASE}/clientEvents/{quote(HOSTILE, safe='')}")
    assert found["createTime"] == "2026-09-21T14:13:15.123456789Z"
    assert found["eventId"] == HOSTILE
    assert found["eventNotes"] == "</script>"
    assert found["receipt"]["offset"] == 2
    assert found["receipt"]["checks"] == []
    assert engine.get(f"{BASE}/clientEvents/e6")["createTime"] == "0001-01-01T00:00:00Z"


def test_lists_and_single_events_say_the_same(engine: EngineProcess) -> None:
    for event in engine.get(f"{BASE}/clientEvents")["clientEvents"]:
        assert engine.get(f"{BASE}/clientEvents/{quote(event['eventId'], safe='')}") == event


def test_checks_of_admission_and_of_the_trail_are_told(engine: EngineProcess) -> None:
    def checks(tenant: str, event_id: str) -> list[str]:
        found: list[str] = engine.get(f"/v1/{tenant}/clientEvents/{event_id}")["receipt"]["checks"]
        return found

    assert checks(OTHER, "e0") == ["request_id_invented"]
    assert checks(TENANT, "e5") == ["impression_repeated"]
    assert checks(TENANT, "e4") == ["hire_without_application"]


def test_a_trail_is_in_the_order_in_which_things_happened(engine: EngineProcess) -> None:
    answer = engine.get(f"{BASE}/trails", requestId=REQUEST_ID)
    assert answer["requestId"] == REQUEST_ID
    assert ids(answer) == [HOSTILE, "e0", "e1", "e5"]
    first = engine.get(f"{BASE}/trails", requestId=REQUEST_ID, pageSize=3)
    rest = engine.get(
        f"{BASE}/trails", requestId=REQUEST_ID, pageSize=3, pageToken=first["nextPageToken"]
    )
    assert ids(first) + ids(rest) == ids(answer)
    assert "nextPageToken" not in rest


def test_reports_are_json_or_csv_of_the_same_numbers(engine: EngineProcess) -> None:
    answer = engine.get(f"{BASE}/reports/timeseries", interval="week")
    assert answer["report"] == "timeseries"
    assert sum(row["count"] for row in answer["rows"]) == 6
    csv = engine.client.get(f"{BASE}/reports/timeseries?interval=week&format=csv")
    assert csv.headers["content-type"].startswith("text/csv")
    assert csv.text.splitlines()[0] == "time,type,count"
    assert len(csv.text.splitlines()) == len(answer["rows"]) + 1
    assert {spec["name"] for spec in engine.get(f"{BASE}/reports")["reports"]} >= {
        "funnel",
        "timeseries",
    }


def test_a_repeatable_parameter_may_be_repeated(engine: EngineProcess) -> None:
    response = engine.client.get(f"{BASE}/reports/timeseries?type=VIEW&type=HIRED")
    assert {row["type"] for row in response.json()["rows"]} == {"VIEW", "HIRED"}


def test_rejected_events_can_be_read_with_their_payload(engine: EngineProcess) -> None:
    (mine,) = engine.get(f"{BASE}/rejectedEvents")["rejectedEvents"]
    assert (mine["reason"], mine["field"]) == ("jobs_missing", "client_event.job_event.jobs")
    assert mine["payload"] == '{"eventId": "x"}'
    everyone = engine.get("/v1/rejectedEvents", pageSize=1)
    assert everyone["rejectedEvents"][0]["payloadBase64"] == "/wA="
    rest = engine.get("/v1/rejectedEvents", pageToken=everyone["nextPageToken"])
    assert [event["reason"] for event in rest["rejectedEvents"]] == ["jobs_missing"]
    narrowed = engine.get("/v1/rejectedEvents", reason="body_unreadable")
    assert len(narrowed["rejectedEvents"]) == 1


def test_the_status_counts_what_was_sent_and_how_far_it_is_loaded(engine: EngineProcess) -> None:
    status = engine.get("/v1/status")
    assert status["log"]["endOffset"] == status["store"]["loadedOffset"] == 7
    assert (status["state"], status["store"]["lagMs"]) == ("good", 0)
    assert status["outcomes"] == {"admitted": 7, "duplicate": 0, "rejected": 2}
    assert status["rejections"] == {"jobs_missing": 1, "body_unreadable": 1}


def test_tenants_are_listed_by_name(engine: EngineProcess) -> None:
    first = engine.get("/v1/tenants", pageSize=1)
    assert [(t["name"], t["events"]) for t in first["tenants"]] == [(OTHER, 1)]
    rest = engine.get("/v1/tenants", pageToken=first["nextPageToken"])
    assert [(t["name"], t["events"]) for t in rest["tenants"]] == [(TENANT, 6)]


@pytest.mark.parametrize(
    ("path", "parameters", "field"),
    [
        ("/clientEvents", {"pageSize": "1001"}, "pageSize"),
        ("/clientEvents", {"pageToken": "xx"}, "pageToken"),
        ("/clientEvents", {"order": "up"}, "order"),
        ("/clientEvents", {"after": "-1"}, "after"),
        ("/clientEvents", {"type": "JOB_EVENT_TYPE_UNSPECIFIED"}, "type"),
        ("/clientEvents", {"pagesize": "1"}, "pagesize"),
        ("/clientEvents:stream", {"after": "x"}, "after"),
        ("/trails", {}, "requestId"),
        ("/rejectedEvents", {"reason": "none"}, "reason"),
        ("/rejectedEvents", {"pageSize": "201"}, "pageSize"),
        ("/reports/funnel", {"start": "yesterday"}, "start"),
        ("/reports/funnel", {"format": "pdf"}, "format"),
    ],
)
def test_what_is_wrong_with_a_request_is_named(
    engine: EngineProcess, path: str, parameters: dict[str, str], field: str
) -> None:
    assert engine.refused(f"{BASE}{path}", **parameters) == (400, "INVALID_ARGUMENT", [field])


@pytest.mark.parametrize(
    "path",
    [
        "/v1/nothing",
        "/v2/status",
        "/static/nothing.js",
        "/static/..%2Fapp.py",
        f"{BASE}/clientEvents/unknown",
        f"{BASE}/reports/nothing",
        f"{BASE}/trails?requestId=nothing",
        "/v1/status/",
    ],
)
def test_what_is_not_there_is_not_found(engine: EngineProcess, path: str) -> None:
    assert engine.refused(path)[:2] == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "parent",
    [
        "projects/p/tenants/t%2Fx",
        "projects/%2e%2e/tenants/t",
        "projects/p/tenants/%00",
        "projects/p/tenants/%ff",
        "projects/%2e%2e%2f%2e%2e/tenants/t",
    ],
)
def test_an_encoded_path_cannot_reach_past_its_segment(engine: EngineProcess, parent: str) -> None:
    assert engine.refused(f"/v1/{parent}/clientEvents")[:2] == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_reading_is_served(engine: EngineProcess, method: str) -> None:
    response = engine.client.request(method, f"{BASE}/clientEvents", content=b"{}")
    assert response.status_code == 405
    assert {word.strip() for word in response.headers["allow"].split(",")} == {"GET", "HEAD"}
    assert response.json()["error"]["code"] == 405


def test_head_is_get_without_its_body(engine: EngineProcess) -> None:
    for path in ("/", "/v1/status", f"{BASE}/clientEvents:stream"):
        response = engine.client.head(path)
        assert (response.status_code, response.content) == (200, b"")


def read_stream(answer: httpx.Response, count: int) -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    offset = -1
    for line in answer.iter_lines():
        name, _, value = line.partition(": ")
        if name == "id":
            offset = int(value)
        elif name == "data":
            found.append((offset, msgspec.json.decode(value)))
            if len(found) == count:
                break
    return found


def test_a_stream_resumes_behind_the_last_event_that_was_received(engine: EngineProcess) -> None:
    path = f"{BASE}/clientEvents:stream"
    with engine.client.stream("GET", path, params={"after": 1}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = read_stream(answer, 4)
    assert [offset for offset, _ in found] == [2, 4, 5, 6]
    assert [event["eventId"] for _, event in found] == [HOSTILE, "e4", "e5", "e6"]
    with engine.client.stream(
        "GET", path, params={"after": 1}, headers={"last-event-id": "4"}
    ) as answer:
        assert [offset for offset, _ in read_stream(answer, 2)] == [5, 6]


def test_a_stream_can_be_narrowed(engine: EngineProcess) -> None:
    parameters = {"after": 0, "type": "IMPRESSION"}
    with engine.client.stream("GET", f"{BASE}/clientEvents:stream", params=parameters) as answer:
        assert [offset for offset, _ in read_stream(answer, 1)] == [5]


def test_no_more_streams_are_open_than_may_be(engine: EngineProcess) -> None:
    path = f"{BASE}/clientEvents:stream"
    with engine.client.stream("GET", path) as first, engine.client.stream("GET", path) as second:
        assert (first.status_code, second.status_code) == (200, 200)
        response = engine.client.get(path)
        assert response.status_code == 429
        assert response.json()["error"]["status"] == "RESOURCE_EXHAUSTED"
        assert response.headers["retry-after"]
    released = threading.Event()
    for _ in range(200):
        if engine.get("/v1/status")["streamsOpen"] == 0:
            break
        released.wait(0.02)
    with engine.client.stream("GET", path) as again:
        assert again.status_code == 200


def test_static_files_are_compressed_named_by_content_and_not_sent_twice(
    engine: EngineProcess,
) -> None:
    page = engine.client.get("/").text
    (script,) = [part.split('"')[0] for part in page.split('src="') if "plotly.min.js" in part]
    answer = engine.client.get(script, headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.text.startswith("/**\n* plotly.js")
    again = engine.client.get(
        script, headers={"accept-encoding": "gzip", "if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    plain = engine.client.get("/static/page.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.headers["etag"] != engine.client.get("/static/page.js").headers["etag"]


def test_pages_escape_whatever_was_recorded(engine: EngineProcess) -> None:
    page = engine.client.get("/", params={"tenant": TENANT}).text
    assert "&lt;/script&gt;" in page
    assert f"<dd>{HOSTILE}" not in page
    injected = engine.client.get("/", params={"tenant": TENANT, "job": '"><script>x'}).text
    assert '"><script>x' not in injected


def test_the_openapi_document_is_served(engine: EngineProcess) -> None:
    assert engine.get("/v1/openapi.json")["openapi"].startswith("3.1")
