"""The engine as an ASGI application: which path is answered by which route."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.types import ExceptionHandler

from jobtrail.analytics.parameters import ReportError
from jobtrail.engine import answers
from jobtrail.engine.context import Context
from jobtrail.engine.openapi.document import get_document
from jobtrail.engine.paths import TENANT, EncodedPaths
from jobtrail.engine.refusals import InvalidRequest, NotFound
from jobtrail.engine.routes import (
    events,
    metrics,
    page,
    rejections,
    reports,
    static,
    status,
    stream,
    tenants,
    trails,
)
from jobtrail.errors import Failure

ROUTES = [
    Route("/", page.get_page),
    Route("/static/{name}", static.get_static),
    Route("/v1/openapi.json", get_document),
    Route("/v1/status", status.get_status),
    Route("/v1/tenants", tenants.list_tenants),
    Route("/v1/rejectedEvents", rejections.list_all_rejections),
    Route(f"{TENANT}/clientEvents", events.list_events),
    Route(f"{TENANT}/clientEvents:stream", stream.stream_events),
    Route(f"{TENANT}/clientEvents/{{event_id}}", events.get_event),
    Route(f"{TENANT}/trails", trails.get_trail),
    Route(f"{TENANT}/rejectedEvents", rejections.list_tenant_rejections),
    Route(f"{TENANT}/reports", reports.list_reports),
    Route(f"{TENANT}/reports/{{report}}", reports.get_report),
    Route("/internal/metrics", metrics.get_metrics),
]
"""All take GET and HEAD. ``/internal/`` is reached over the engine's own socket alone."""

_HANDLERS: dict[type[Exception], ExceptionHandler] = {
    HTTPException: answers.answer_http,
    InvalidRequest: answers.answer_invalid,
    NotFound: answers.answer_not_found,
    ReportError: answers.answer_report_error,
    Failure: answers.answer_failure,
    Exception: answers.answer_bug,
}


def create_app(context: Context) -> Starlette:
    """Build the application that serves one engine."""
    app = Starlette(
        routes=ROUTES,
        middleware=[
            # A page of 117 KB becomes 12 KB; streams and what is compressed already pass through.
            Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5),
            Middleware(EncodedPaths),
            Middleware(metrics.CountedRequests, context=context),
        ],
        exception_handlers=_HANDLERS,
    )
    # A redirect would name a host that a proxy in front may not know.
    app.router.redirect_slashes = False
    app.state.context = context
    return app
