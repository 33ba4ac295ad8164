"""Operations of the API: path, parameters, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jobtrail.analytics.parameters import Parameter
from jobtrail.analytics.reports import REPORTS
from jobtrail.analytics.spec import ReportSpec
from jobtrail.engine.openapi.schemas import Schema, listing, reference, text, thing, whole
from jobtrail.engine.routes.events import PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX
from jobtrail.engine.routes.rejections import PAGE_SIZE_MAX as REJECTIONS_PAGE_SIZE_MAX
from jobtrail.errors import Reason
from jobtrail.events import EventType

Operation = dict[str, Any]

_PARENT = "/projects/{project}/tenants/{tenant}"


def paths() -> dict[str, Any]:
    """Return every path that is served, with what it answers."""
    return {**_recording(), **_events(), **_reports(), **_service()}


def _recording() -> dict[str, Any]:
    v4beta1 = "CreateClientEventRequestV4beta1"
    return {
        f"/v4{_PARENT}/clientEvents": {
            "post": _record("createClientEvent", "ClientEvent", "ClientEvent"),
            "parameters": _tenant_parameters(),
        },
        f"/v4beta1{_PARENT}/clientEvents": {
            "post": _record("createClientEventV4beta1", v4beta1, "ClientEventV4beta1"),
            "parameters": _tenant_parameters(),
        },
        "/v4beta1/projects/{project}/clientEvents": {
            "post": _record("createClientEventV4beta1InProject", v4beta1, "ClientEventV4beta1"),
            "parameters": [_in_path("project", "Its default tenant is meant.")],
        },
        "/v4/projects/{project}/operations/{operation}": {
            "get": {
                "operationId": "getOperation",
                "summary": "Always NOT_FOUND: no call of this service begins an operation",
                "tags": ["Recording"],
                "responses": {"404": _error("There are no operations.")},
            },
            "parameters": [
                _in_path("project", "Any."),
                _in_path("operation", "Any."),
            ],
        },
    }


def _record(name: str, sent: str, answered: str) -> Operation:
    return {
        "operationId": name,
        "summary": "Record one event",
        "description": "OK means that the event is on disk. The same event again is answered the "
        "same and counts once. Also over gRPC, as google.cloud.talent publishes it.",
        "tags": ["Recording"],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": reference(sent)}},
        },
        "responses": {
            "200": _ok(reference(answered), "The event as it was sent."),
            "400": _error("The event is refused; nothing is recorded."),
            "409": _error("This eventId is taken by an event with other content."),
            "413": _error("The body is over `message_bytes_max`."),
            "429": _error("The log's queue or disk is full; nothing is recorded, try again."),
            "503": _error("The log cannot be written now; try again."),
            "504": _error("Time ran out. Whether it was recorded, a repetition tells."),
        },
    }


def _events() -> dict[str, Any]:
    filters = [
        _query("requestId", text("Only events of this trail.")),
        _query("job", text("Only events of this job: its full name, or its id alone.")),
        _query("type", text("Only events of this type.", enum=_type_names())),
    ]
    order = text("Of the log: oldest or newest first.", enum=["asc", "desc"], default="asc")
    after = whole("Only events past this offset of the log.", minimum=0)
    last_id = {
        "name": "Last-Event-ID",
        "in": "header",
        "schema": {"type": "string"},
        "description": "The last id that was received; counts instead of `after`.",
    }
    return {
        f"/v1{_PARENT}/clientEvents": _get(
            "listClientEvents",
            "List events",
            _ok(reference("RecordedEventPage"), "One page."),
            parameters=[*_paging(), *filters, _query("order", order), _query("after", after)],
        ),
        f"/v1{_PARENT}/clientEvents/{{eventId}}": _get(
            "getClientEvent",
            "Read one event and its receipt",
            _ok(reference("RecordedEvent"), "As the log has it."),
            parameters=[_in_path("eventId", "Percent-encoded.")],
            missing="The tenant has no event with this id.",
        ),
        f"/v1{_PARENT}/clientEvents:stream": _get(
            "streamClientEvents",
            "Follow events as they are recorded",
            {
                "description": "Server-Sent Events without an end: `id` is the offset, `data` a "
                "RecordedEvent.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            parameters=[*filters, _query("after", after), last_id],
        ),
        f"/v1{_PARENT}/trails": _get(
            "getTrail",
            "Read all that was recorded under one requestId",
            _ok(reference("Trail"), "One page."),
            parameters=[
                *_paging(),
                {**_query("requestId", text("The trail.")), "required": True},
            ],
            missing="The tenant has no event with this requestId.",
        ),
        f"/v1{_PARENT}/rejectedEvents": _get(
            "listRejectedEvents",
            "List a tenant's rejected events",
            _ok(reference("RejectedEventPage"), "One page."),
            parameters=_rejection_parameters(),
        ),
        "/v1/rejectedEvents": _get(
            "listAllRejectedEvents",
            "List rejected events of all tenants and of none",
            _ok(reference("RejectedEventPage"), "One page."),
            parameters=_rejection_parameters(),
            in_tenant=False,
        ),
    }


def _reports() -> dict[str, Any]:
    listed = _get("listReports", "List the reports", _ok(reference("ReportList"), "All of them."))
    found = {f"/v1{_PARENT}/reports": listed}
    for name, spec in REPORTS.items():
        formats = text("How to write it.", enum=["json", "csv"], default="json")
        found[f"/v1{_PARENT}/reports/{name}"] = _get(
            f"report{''.join(map(str.capitalize, name.split('-')))}",
            spec.title,
            _report_answer(spec),
            parameters=[*map(_report_parameter, spec.parameters), _query("format", formats)],
            description=spec.description,
        )
    return found


def _report_answer(spec: ReportSpec) -> Operation:
    columns = {
        column.name: {
            "type": [column.type, "null"] if column.is_nullable else column.type,
            "description": f"{column.description} ({column.unit})"
            if column.unit
            else column.description,
        }
        for column in spec.columns
    }
    answer = thing(
        {
            "report": {"const": spec.name},
            "parameters": {"type": "object", "description": "As they were understood."},
            "rows": listing(thing(columns, required=tuple(columns)), spec.row),
            "notes": listing({"type": "string"}, "What a reader must know."),
        },
        required=("report", "parameters", "rows", "notes"),
    )
    return {
        "description": spec.row,
        "content": {"application/json": {"schema": answer}, "text/csv": {}},
    }


def _report_parameter(parameter: Parameter) -> Operation:
    one: Schema = {"type": "string"}
    if parameter.choices:
        one["enum"] = list(parameter.choices)
    if parameter.default:
        one["default"] = parameter.default
    schema = {"type": "array", "items": one} if parameter.is_repeatable else one
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "schema": schema,
    }


def _service() -> dict[str, Any]:
    probe = thing({"status": {"type": "string"}}, required=("status",))
    metrics = {"description": "Prometheus's text format.", "content": {"text/plain": {}}}
    return {
        "/v1/tenants": _get(
            "listTenants",
            "List tenants that have events",
            _ok(reference("TenantPage"), "One page."),
            parameters=_paging(),
            in_tenant=False,
        ),
        "/v1/status": _get(
            "getStatus",
            "Look at log and store",
            _ok(reference("Status"), "As they are now."),
            in_tenant=False,
        ),
        "/v1/openapi.json": _get(
            "getOpenapi", "This document", _ok({"type": "object"}, "It."), in_tenant=False
        ),
        "/healthz": _get("healthz", "Is it up?", _ok(probe, "It is."), in_tenant=False),
        "/readyz": _get("readyz", "Does it take events?", _ok(probe, "It does."), in_tenant=False),
        "/metrics": _get("metrics", "Metrics", metrics, in_tenant=False),
    }


def _get(
    name: str,
    summary: str,
    answer: Operation,
    *,
    parameters: Sequence[Operation] = (),
    in_tenant: bool = True,
    missing: str = "",
    description: str = "",
) -> Operation:
    operation: Operation = {
        "operationId": name,
        "summary": summary,
        "tags": ["Reading" if in_tenant else "Service"],
        "parameters": [*(_tenant_parameters() if in_tenant else ()), *parameters],
        "responses": {
            "200": answer,
            "400": _error("A parameter is wrong; the details name it."),
            "429": _error("As many queries or streams are open as may be; try again later."),
            "503": _error("The engine or its store is away; recording goes on."),
            "504": _error("The query took longer than `query_timeout_ms`."),
        },
    }
    if description:
        operation["description"] = description
    if missing:
        operation["responses"]["404"] = _error(missing)
    return {"get": operation}


def _ok(schema: Schema, description: str) -> Operation:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _error(description: str) -> Operation:
    return _ok(reference("Error"), description)


def _query(name: str, schema: Schema) -> Operation:
    plain: Mapping[str, Any] = {key: value for key, value in schema.items() if key != "description"}
    return {"name": name, "in": "query", "description": schema["description"], "schema": plain}


def _in_path(name: str, description: str) -> Operation:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string"},
    }


def _tenant_parameters() -> list[Operation]:
    return [
        _in_path("project", "Percent-encoded where it must be."),
        _in_path("tenant", "Percent-encoded where it must be."),
    ]


def _paging(most: int = PAGE_SIZE_MAX) -> list[Operation]:
    size = whole("Items of a page at most.", minimum=1, maximum=most, default=PAGE_SIZE_DEFAULT)
    token = text("From the page before; the filters must be the same.")
    return [_query("pageSize", size), _query("pageToken", token)]


def _rejection_parameters() -> list[Operation]:
    reason = text("Only rejected for this.", enum=[str(reason) for reason in Reason])
    return [*_paging(REJECTIONS_PAGE_SIZE_MAX), _query("reason", reason)]


def _type_names() -> list[str]:
    return [member.name for member in EventType if member]
