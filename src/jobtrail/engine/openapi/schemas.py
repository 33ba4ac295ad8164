"""Schemas of what goes over the wire, by name."""

from __future__ import annotations

from typing import Any

from jobtrail.errors import Code, Reason
from jobtrail.events import Check, EventType

Schema = dict[str, Any]


def text(description: str, **more: Any) -> Schema:
    """Describe a string."""
    return {"type": "string", "description": description, **more}


def whole(description: str, **more: Any) -> Schema:
    """Describe a whole number."""
    return {"type": "integer", "format": "int64", "description": description, **more}


def thing(properties: Schema, *, required: tuple[str, ...] = (), **more: Any) -> Schema:
    """Describe an object."""
    schema: Schema = {"type": "object", "properties": properties, **more}
    return schema | ({"required": list(required)} if required else {})


def listing(items: Schema, description: str) -> Schema:
    """Describe an array."""
    return {"type": "array", "items": items, "description": description}


def reference(name: str) -> Schema:
    """Refer to one of `schemas`."""
    return {"$ref": f"#/components/schemas/{name}"}


def page_of(field: str, item: str, description: str, **more: Schema) -> Schema:
    """Describe one page of a list."""
    token = text("Give it as `pageToken` to read the next page; absent on the last one.")
    return thing(
        {**more, field: listing(reference(item), description), "nextPageToken": token},
        required=(*more, field),
    )


_TIME = {"format": "date-time", "examples": ["2026-11-24T10:00:00.123456Z"]}
_EVENT_TYPES = [member.name for member in EventType if member]


def schemas() -> dict[str, Schema]:
    """Return all schemas by name."""
    return {**_recorded(), **_read(), **_about_the_service(), **_errors()}


def _recorded() -> dict[str, Schema]:
    jobs = listing(
        text("`projects/{project}/tenants/{tenant}/jobs/{job}`"),
        "Jobs in the order in which they were shown; at most `jobs_max`.",
    )
    job_event = thing(
        {"type": text("What happened.", enum=_EVENT_TYPES), "jobs": jobs},
        required=("type", "jobs"),
        description="An event between a person and jobs.",
    )
    client_event = thing(
        {
            "eventId": text("Names the event in its tenant, for ever: it counts once."),
            "requestId": text("The `requestId` that the search answered with; groups a trail."),
            "createTime": text("When it happened, by the client's clock.", **_TIME),
            "jobEvent": reference("JobEvent"),
            "eventNotes": text("Anything; at most `notes_chars_max` characters."),
        },
        required=("eventId", "createTime", "jobEvent"),
        description="Google's ClientEvent.",
    )
    profile = {"profile": text("v4beta1 alone: a candidate's profile.")}
    return {
        "JobEvent": job_event,
        "ClientEvent": client_event,
        "JobEventV4beta1": {**job_event, "properties": {**job_event["properties"], **profile}},
        "ClientEventV4beta1": {
            **client_event,
            "properties": {**client_event["properties"], "jobEvent": reference("JobEventV4beta1")},
        },
        "CreateClientEventRequestV4beta1": thing(
            {"clientEvent": reference("ClientEventV4beta1")},
            required=("clientEvent",),
            description="v4beta1 wraps the event; v4 takes it bare.",
        ),
    }


def _read() -> dict[str, Schema]:
    receipt = thing(
        {
            "offset": whole("Place in the event log; the first event has 0.", minimum=0),
            "receiveTime": text("When it was received, by our clock.", **_TIME),
            "api": text("How it came.", examples=["grpc/v4"]),
            "client": text("What the client said it is."),
            "checks": listing(
                text("A check.", enum=[str(check) for check in Check]),
                "What is odd about the event, by all that has arrived until now.",
            ),
            "positions": listing(
                thing(
                    {
                        "job": text("Resource name."),
                        "position": whole("Place on the result list; 1 is the top.", minimum=1),
                        "source": text(
                            "What says so: the order of an IMPRESSION's jobs, or its notes.",
                            enum=["search", "event", "order", "notes"],
                        ),
                    },
                    required=("job", "position", "source"),
                ),
                "Where the event's jobs stood, as far as it is known; in trails alone.",
            ),
        },
        required=("offset", "receiveTime", "api", "client", "checks"),
        description="How the event was recorded.",
    )
    recorded = {
        "allOf": [reference("ClientEventV4beta1"), thing({"receipt": reference("Receipt")})],
        "description": "An event as it was recorded, and its receipt.",
    }
    rejected = thing(
        {
            "rejectionId": whole("Grows with each rejection."),
            "reason": text("Why it was rejected.", enum=[str(reason) for reason in Reason]),
            "field": text("The main field that is wrong, in the wire's snake_case."),
            "message": text("What was answered."),
            "receiveTime": text("When it was received, by our clock.", **_TIME),
            "tenant": text("Empty when none could be read."),
            "eventId": text("Empty when none could be read."),
            "api": text("How it came."),
            "client": text("What the client said it is."),
            "payload": text("As received, cut at `quarantine_payload_bytes_max`."),
            "payloadBase64": text(
                "The same in base64, instead of `payload`, when it is not UTF-8."
            ),
        },
        required=("rejectionId", "reason", "message", "receiveTime"),
        description="An event that was refused, kept in the quarantine.",
    )
    return {
        "Receipt": receipt,
        "RecordedEvent": recorded,
        "RecordedEventPage": page_of("clientEvents", "RecordedEvent", "In the order asked for."),
        "Trail": page_of(
            "clientEvents",
            "RecordedEvent",
            "By the clients' clocks, then in the order of the log.",
            requestId=text("The trail."),
        ),
        "RejectedEvent": rejected,
        "RejectedEventPage": page_of("rejectedEvents", "RejectedEvent", "Newest first."),
    }


def _about_the_service() -> dict[str, Schema]:
    counts = {"type": "object", "additionalProperties": {"type": "integer"}}
    log = thing(
        {
            "endOffset": whole("Events in the log."),
            "silentMs": {
                "type": ["integer", "null"],
                "description": "Milliseconds since the last event was received.",
            },
        }
    )
    store = thing(
        {
            "loadedOffset": whole("Events of the log that reports count."),
            "lagEvents": whole("Events of the log that reports do not count yet."),
            "lagMs": whole("Age of the oldest of these in milliseconds; 0 when there is none."),
            "problem": text("Why nothing is loaded now; empty while all is well."),
        }
    )
    status = thing(
        {
            "version": text("Of Jobtrail."),
            "state": text("In one word.", enum=["good", "late", "stuck"]),
            "log": log,
            "store": store,
            "outcomes": {**counts, "description": "Events sent, by what became of them."},
            "rejections": {**counts, "description": "Rejected events by reason."},
            "streamsOpen": whole("Event streams that are open."),
        },
        required=("version", "state", "log", "store", "outcomes", "rejections"),
    )
    tenant = thing(
        {
            "name": text("`projects/{project}/tenants/{tenant}`"),
            "events": whole("Events in the store."),
            "lastReceiveTime": text("When its last event was received.", **_TIME),
        },
        required=("name", "events", "lastReceiveTime"),
    )
    return {
        "Status": status,
        "Tenant": tenant,
        "TenantPage": page_of("tenants", "Tenant", "By name."),
        "ReportList": thing(
            {"reports": listing({"type": "object"}, "Each with its columns and parameters.")},
            required=("reports",),
        ),
    }


def _errors() -> dict[str, Schema]:
    error = thing(
        {
            "code": {"type": "integer", "description": "The HTTP status."},
            "message": text("What is wrong and what to do about it."),
            "status": text(
                "The canonical code.", enum=[code.name for code in Code if code is not Code.OK]
            ),
            "details": listing(
                {"type": "object", "properties": {"@type": {"type": "string"}}},
                "`google.rpc` details: ErrorInfo, BadRequest, QuotaFailure, RetryInfo.",
            ),
        },
        required=("code", "message", "status"),
    )
    return {"Error": thing({"error": error}, required=("error",), description="As Google's APIs.")}
