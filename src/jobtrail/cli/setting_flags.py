"""A flag for every setting, made from the settings themselves, so that none can be forgotten."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin

import msgspec
import typer

from jobtrail.cli.exits import usage
from jobtrail.settings import ENV_PREFIX, HELP, Settings, SettingsError, resolve_settings

GROUPS = {
    "data": "Where",
    "message_bytes_max": "Wire",
    "jobs_max": "Admission",
    "queue_events_max": "Event log",
    "load_interval_ms": "Engine",
    "click_window_hours": "Windows of the funnel",
}
"""The first setting of each group, in the order of ``Settings``."""


class Setting(NamedTuple):
    """One setting as the command line and the reference show it."""

    name: str
    flag: str
    variable: str
    group: str
    kind: str
    default: str
    bounds: str
    help: str


def all_settings() -> list[Setting]:
    """Describe every field of ``Settings`` in its order."""
    described: list[Setting] = []
    group = ""
    for field in msgspec.structs.fields(Settings):
        group = GROUPS.get(field.name, group)
        kind, bounds = _kind_and_bounds(field.type)
        described.append(
            Setting(
                name=field.name,
                flag=f"--{field.name.replace('_', '-')}",
                variable=f"{ENV_PREFIX}{field.name.upper()}",
                group=group,
                kind=kind,
                default=_text(field.default),
                bounds=bounds,
                help=HELP[field.name],
            )
        )
    return described


def takes_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give *command* a flag for each setting and ``--config``.

    *command* is called with ``settings`` (checked) and ``sources`` (where each came from) beside
    its own parameters. Wrong settings end it with every mistake and exit code 2.
    """
    own = [
        parameter
        for parameter in inspect.signature(command, eval_str=True).parameters.values()
        if parameter.name not in ("settings", "sources")
    ]

    @functools.wraps(command)
    def with_flags(config: Path | None = None, **given: Any) -> Any:
        names = [setting.name for setting in all_settings()]
        flags = {name: given.pop(name) for name in names}
        try:
            settings, sources = resolve_settings(flags, config=config)
        except SettingsError as error:
            usage("\n".join(["these settings are wrong:", *(f"  {m}" for m in error.mistakes)]))
        return command(settings=settings, sources=sources, **given)

    parameters = [
        *(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own),
        _config_parameter(),
        *(_flag_parameter(setting) for setting in all_settings()),
    ]
    with_flags.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_flags.__annotations__ = {p.name: p.annotation for p in parameters}
    return with_flags


def _config_parameter() -> inspect.Parameter:
    annotation = Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            help="TOML file of settings; flags and environment beat it. [env: JOBTRAIL_CONFIG]",
            show_default=False,
        ),
    ]
    return inspect.Parameter(
        "config", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _flag_parameter(setting: Setting) -> inspect.Parameter:
    """Make an option that takes any text: the settings check it, with those of other sources."""
    details = "; ".join(part for part in (f"default: {setting.default}", setting.bounds) if part)
    is_switch = setting.kind == "true or false"
    option = typer.Option(
        f"{setting.flag}/--no-{setting.flag[2:]}" if is_switch else setting.flag,
        metavar=None if is_switch else setting.kind.upper(),
        help=f"{setting.help} [{details}; env: {setting.variable}]",
        show_default=False,
        rich_help_panel=setting.group,
    )
    return inspect.Parameter(
        setting.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[bool | None if is_switch else str | None, option],
    )


def _kind_and_bounds(annotation: Any) -> tuple[str, str]:
    if get_origin(annotation) is Literal:
        return "|".join(get_args(annotation)), ""
    if get_origin(annotation) is Annotated:
        plain, meta = get_args(annotation)
        return _kind_and_bounds(plain)[0], _bounds(meta)
    return {bool: "true or false", int: "integer", float: "number", str: "text"}[annotation], ""


def _bounds(meta: msgspec.Meta) -> str:
    if meta.ge is not None and meta.le is not None:
        return f"{_text(meta.ge)} to {_text(meta.le)}"
    if meta.ge is not None:
        return f"at least {_text(meta.ge)}"
    return f"more than {_text(meta.gt)}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return str(value) or "none"
