"""The OpenAPI document is valid and has every path that is served."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from openapi_spec_validator import validate
from starlette.routing import Route

from jobtrail.analytics.reports import REPORTS
from jobtrail.engine.app import ROUTES
from jobtrail.engine.openapi.document import document
from jobtrail.errors import Reason
from jobtrail.events import Check, EventType


def test_the_document_is_openapi_3_1() -> None:
    assert document()["openapi"].startswith("3.1.")
    validate(document())


def shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def test_every_route_of_the_api_is_described() -> None:
    served = {
        shape(route.path)
        for route in ROUTES
        if isinstance(route, Route) and route.path.startswith("/v1/")
    }
    by_name = "/v1/projects/{}/tenants/{}/reports/{}"
    reports = {by_name.removesuffix("{}") + name for name in REPORTS}
    described = {shape(path) for path in document()["paths"] if path.startswith("/v1/")}
    assert described == (served - {by_name}) | reports


def test_the_recording_calls_are_described() -> None:
    paths = document()["paths"]
    for path in (
        "/v4/projects/{project}/tenants/{tenant}/clientEvents",
        "/v4beta1/projects/{project}/tenants/{tenant}/clientEvents",
        "/v4beta1/projects/{project}/clientEvents",
    ):
        assert {"200", "400", "409", "413", "429", "503", "504"} <= set(
            paths[path]["post"]["responses"]
        )


def operations() -> Iterator[dict[str, Any]]:
    for item in document()["paths"].values():
        for method in ("get", "post"):
            if method in item:
                yield item[method]


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for operation in operations()]
    assert len(names) == len(set(names))


def test_the_schemas_list_what_the_code_knows() -> None:
    schemas = document()["components"]["schemas"]
    types = schemas["JobEvent"]["properties"]["type"]["enum"]
    assert types == [member.name for member in EventType if member]
    checks = schemas["Receipt"]["properties"]["checks"]["items"]["enum"]
    assert checks == [check.value for check in Check]
    assert schemas["RejectedEvent"]["properties"]["reason"]["enum"] == [r.value for r in Reason]


def test_a_report_has_its_columns_and_parameters() -> None:
    operation = document()["paths"]["/v1/projects/{project}/tenants/{tenant}/reports/funnel"]["get"]
    content = operation["responses"]["200"]["content"]
    row = content["application/json"]["schema"]["properties"]["rows"]["items"]["properties"]
    assert list(row) == ["stage", "count", "implied", "rate", "low", "high"]
    assert row["rate"]["type"] == ["number", "null"]
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert {"project", "tenant", "start", "end", "view", "format"} <= names
