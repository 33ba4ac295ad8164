"""Every setting, once: type, unit, default, bounds, and what happens at the bound.

A flag beats the environment (``JOBTRAIL_*``), which beats the TOML file, which beats the default.
All mistakes are reported together. Nothing else reads the environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

ENV_PREFIX = "JOBTRAIL_"
CONFIG_VARIABLE = "JOBTRAIL_CONFIG"

# Where the file is, and where a test wants the process to die (crash.py): neither is a setting.
_OTHER_VARIABLES = (CONFIG_VARIABLE, "JOBTRAIL_CRASH_AT")

Port = Annotated[int, Meta(ge=0, le=65_535)]
Count = Annotated[int, Meta(ge=1)]
Milliseconds = Annotated[int, Meta(ge=1)]
Bytes = Annotated[int, Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one Jobtrail service. See ``HELP`` for what each means."""

    # where
    data: str = "./jobtrail-data"
    host: str = "127.0.0.1"
    port: Port = 8080
    insecure: bool = False
    tls_cert: str = ""
    tls_key: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "text", "json"] = "auto"

    # wire
    message_bytes_max: Bytes = 4 * 1024 * 1024
    bodies_bytes_max: Bytes = 256 * 1024 * 1024
    grpc_streams_max: Count = 1_000
    request_timeout_ms: Milliseconds = 30_000
    shutdown_timeout_ms: Milliseconds = 10_000
    header_kib_max: Annotated[int, Meta(ge=4, le=8_192)] = 60

    # admission
    jobs_max: Count = 500
    notes_chars_max: Count = 1_000
    event_id_chars_max: Count = 255
    request_id_chars_max: Count = 255
    job_name_chars_max: Count = 1_000
    future_hours_max: Annotated[float, Meta(gt=0)] = 26.0
    retention_days: Annotated[float, Meta(gt=0)] = 1_095.0

    # log
    queue_events_max: Count = 20_000
    queue_bytes_max: Bytes = 64 * 1024 * 1024
    commit_events_max: Count = 2_000
    commit_bytes_max: Bytes = 16 * 1024 * 1024
    quarantine_events_max: Count = 100_000
    quarantine_bytes_max: Bytes = 256 * 1024 * 1024
    quarantine_payload_bytes_max: Bytes = 64 * 1024
    archive_after_days: Annotated[float, Meta(ge=0)] = 30.0
    archive_interval_ms: Milliseconds = 3_600_000

    # engine
    load_interval_ms: Milliseconds = 500
    load_events_max: Count = 20_000
    query_timeout_ms: Milliseconds = 30_000
    query_memory_bytes_max: Bytes = 2 * 1024 * 1024 * 1024
    queries_waiting_max: Annotated[int, Meta(ge=0)] = 32
    streams_max: Count = 64

    # windows of the funnel
    click_window_hours: Annotated[float, Meta(gt=0)] = 1.0
    application_window_days: Annotated[float, Meta(gt=0)] = 30.0
    outcome_window_days: Annotated[float, Meta(gt=0)] = 365.0


HELP: dict[str, str] = {
    "data": "Folder that holds the log, the archive and the store; made when it is not there.",
    "host": "Address to listen on. Anything but loopback needs --insecure until keys exist.",
    "port": "TCP port for everything; 0 takes a free one and the ready line says which.",
    "insecure": "Serve without authentication on an address that others can reach.",
    "tls_cert": "PEM file of the certificate chain; with tls_key the port speaks TLS alone.",
    "tls_key": "PEM file of the private key.",
    "log_level": "Least level of messages that are written to standard error.",
    "log_format": "text, json, or auto (text on a terminal).",
    "message_bytes_max": "Bytes in one request message, also after decompression; past it "
    "RESOURCE_EXHAUSTED.",
    "bodies_bytes_max": "Bytes of all request bodies being read at once; past it "
    "RESOURCE_EXHAUSTED with RetryInfo.",
    "grpc_streams_max": "Health and reflection streams open at once; past it RESOURCE_EXHAUSTED.",
    "request_timeout_ms": "Milliseconds from a request's first byte to its answer; past it "
    "DEADLINE_EXCEEDED.",
    "shutdown_timeout_ms": "Milliseconds that requests in flight get to finish after SIGTERM.",
    "header_kib_max": "KiB of request headers; past it 431.",
    "jobs_max": "Jobs in one event; past it INVALID_ARGUMENT.",
    "notes_chars_max": "Characters in event_notes; past it INVALID_ARGUMENT.",
    "event_id_chars_max": "Characters in event_id; past it INVALID_ARGUMENT.",
    "request_id_chars_max": "Characters in request_id; past it INVALID_ARGUMENT.",
    "job_name_chars_max": "Characters in one job or profile name; past it INVALID_ARGUMENT.",
    "future_hours_max": "Hours that create_time may be ahead of our clock before it is flagged.",
    "retention_days": "Days after which an event's create_time is flagged as old.",
    "queue_events_max": "Events that may wait for the log; past it RESOURCE_EXHAUSTED with "
    "RetryInfo.",
    "queue_bytes_max": "Bytes that may wait for the log; past it RESOURCE_EXHAUSTED with "
    "RetryInfo.",
    "commit_events_max": "Events in one transaction of the log; the rest waits for the next.",
    "commit_bytes_max": "Bytes in one transaction of the log; the rest waits for the next.",
    "quarantine_events_max": "Rejected events kept; past it the oldest are dropped, still counted.",
    "quarantine_bytes_max": "Bytes of rejected events kept; past it the oldest are dropped.",
    "quarantine_payload_bytes_max": "Bytes kept of one rejected payload; the rest is cut off.",
    "archive_after_days": "Days after which loaded events move from the log to Parquet files.",
    "archive_interval_ms": "Milliseconds between two looks for events to archive.",
    "load_interval_ms": "Milliseconds between two loads of new events into the store.",
    "load_events_max": "Events in one load; the rest follows at once.",
    "query_timeout_ms": "Milliseconds that one report may take; past it DEADLINE_EXCEEDED.",
    "query_memory_bytes_max": "Bytes of memory that one report may take; past it "
    "RESOURCE_EXHAUSTED.",
    "queries_waiting_max": "Requests that may wait for a query; past it RESOURCE_EXHAUSTED; "
    "0: none.",
    "streams_max": "Event streams (Server-Sent Events) open at once; past it RESOURCE_EXHAUSTED.",
    "click_window_hours": "Hours after an impression in which a view counts as its conversion.",
    "application_window_days": "Days after a view in which an application counts as its "
    "conversion.",
    "outcome_window_days": "Days after an application in which an interview or a hire counts.",
}


class SettingsError(Exception):
    """One or more settings are wrong; ``mistakes`` has a line for each."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def load_settings(
    flags: Mapping[str, Any],
    *,
    environment: Mapping[str, str] = os.environ,
    config: Path | None = None,
) -> Settings:
    """Merge the four sources into one checked ``Settings``.

    Args:
        flags: What the command line gave, by setting name; ``None`` means not given.
        environment: Variables such as ``JOBTRAIL_PORT``. ``JOBTRAIL_CONFIG`` names the TOML file.
        config: TOML file; beats ``JOBTRAIL_CONFIG``.

    Raises:
        SettingsError: With every mistake found in any source, each naming source and setting.
    """
    return resolve_settings(flags, environment=environment, config=config)[0]


def resolve_settings(
    flags: Mapping[str, Any],
    *,
    environment: Mapping[str, str] = os.environ,
    config: Path | None = None,
) -> tuple[Settings, dict[str, str]]:
    """Do what ``load_settings`` does, and say of each setting which source decided it.

    Returns:
        The settings, and by name ``flag``, ``environment``, ``file`` or ``default``.
    """
    mistakes: list[str] = []
    layers = (
        ("file", _from_file(config, environment, mistakes)),
        ("environment", _from_environment(environment, mistakes)),
        ("flag", {name: value for name, value in flags.items() if value is not None}),
    )
    fields = {field.name: field for field in msgspec.structs.fields(Settings)}
    merged: dict[str, Any] = {}
    sources = dict.fromkeys(fields, "default")
    for source, values in layers:
        for name, value in values.items():
            if name not in fields:
                mistakes.append(f"{source}: {name} is not a setting; see `jobtrail serve --help`")
                continue
            try:
                merged[name] = msgspec.convert(value, fields[name].type, strict=source == "file")
                sources[name] = source
            except msgspec.ValidationError as error:
                mistakes.append(f"{source}: {name}: {error}")
    if bool(merged.get("tls_cert")) != bool(merged.get("tls_key")):
        mistakes.append("tls_cert and tls_key go together: give both or neither")
    if mistakes:
        raise SettingsError(mistakes)
    return Settings(**merged), sources


def _from_file(
    config: Path | None, environment: Mapping[str, str], mistakes: list[str]
) -> dict[str, Any]:
    if config is None:
        named = environment.get(CONFIG_VARIABLE)
        if not named:
            return {}
        config = Path(named)
    try:
        return tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        mistakes.append(f"file: {config}: {error}")
        return {}


def _from_environment(environment: Mapping[str, str], mistakes: list[str]) -> dict[str, str]:
    known = {field.name for field in msgspec.structs.fields(Settings)}
    found: dict[str, str] = {}
    for variable, value in environment.items():
        if not variable.startswith(ENV_PREFIX) or variable in _OTHER_VARIABLES:
            continue
        name = variable.removeprefix(ENV_PREFIX).lower()
        if name in known:
            found[name] = value
        else:
            mistakes.append(f"environment: {variable} is not a setting")
    return found
