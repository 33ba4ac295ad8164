"""Write the reference of settings, metrics and commands from what the code itself declares."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import typer.core
import typer.main

from jobtrail.analytics.reference import reports_markdown
from jobtrail.cli.app import app
from jobtrail.cli.setting_flags import all_settings
from jobtrail.errors import REASON_CODES, REASON_HELP, Failure
from jobtrail.events import CHECK_HELP, CHECKS_AT_ADMISSION
from jobtrail.telemetry import METRICS

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
MADE = "<!-- Made by script/reference; change the code instead. -->\n"


def settings_page() -> Iterator[str]:
    yield "# Settings"
    yield (
        "A flag of `jobtrail serve` beats the environment, which beats the TOML file, which beats "
        "the default. All mistakes are reported together. In the TOML file, which `--config` or "
        "`JOBTRAIL_CONFIG` names, the key is the setting's name. `jobtrail settings` shows what is "
        "in force and where each value comes from."
    )
    for group, settings in itertools.groupby(all_settings(), key=lambda setting: setting.group):
        yield f"## {group}"
        rows = [
            "| setting | flag and variable | type | default | meaning |",
            "|---|---|---|---|---|",
        ]
        for one in settings:
            kind = ", ".join(filter(None, (one.kind, one.bounds)))
            names = f"`{one.name}` | `{one.flag}`<br>`{one.variable}`"
            rows.append(f"| {names} | {cell(kind)} | {cell(one.default)} | {cell(one.help)} |")
        yield "\n".join(rows)


def metrics_page() -> Iterator[str]:
    yield "# Metrics"
    yield (
        "`GET /metrics` answers in Prometheus' text format. Counters end in `_total` and begin at "
        "0 when the process starts; counts that last for ever are those of `GET /v1/status`."
    )
    rows = ["| metric | kind | labels | meaning | when it moves |", "|---|---|---|---|---|"]
    for name, metric in METRICS.items():
        shown = f"{name}_total" if metric.kind == "counter" else name
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        texts = f"{cell(metric.meaning)} | {cell(metric.advice)}"
        rows.append(f"| `{shown}` | {metric.kind} | {labels} | {texts} |")
    yield "\n".join(rows)


def reasons_page() -> Iterator[str]:
    yield "# Reasons, checks and failures"
    yield (
        "Nothing is dropped in silence. An event is admitted, perhaps with checks, or is a "
        "duplicate, or is rejected for one of the reasons. One that is none of these met a failure."
    )
    yield "## Reasons"
    yield (
        "A rejected event was not recorded, and sending it again as it is will not help. It is "
        "kept in the quarantine: `GET /v1/{parent}/rejectedEvents`. The reason stands, in "
        "capitals, in the error's `ErrorInfo`, the fields in its `BadRequest`."
    )
    rows = ["| reason | code | what is wrong | what to do |", "|---|---|---|---|"]
    for reason, help_ in REASON_HELP.items():
        texts = f"{cell(help_.meaning)} | {cell(help_.remedy)}"
        rows.append(f"| `{reason}` | `{REASON_CODES[reason].name}` | {texts} |")
    yield "\n".join(rows)
    yield "## Checks"
    yield (
        "A flagged event is recorded and counted; the check says what is odd about it. Those found "
        "at admission are kept with the event; those found in trails depend on its neighbours and "
        "always speak of all that has arrived."
    )
    rows = ["| check | found | what is odd |", "|---|---|---|"]
    for check, meaning in CHECK_HELP.items():
        found = "at admission" if check in CHECKS_AT_ADMISSION else "in trails"
        rows.append(f"| `{check}` | {found} | {cell(meaning)} |")
    yield "\n".join(rows)
    yield "## Failures"
    yield (
        "After a failure the log alone decides whether the event is there. Send it again with the "
        "same `event_id`: it counts once in any case."
    )
    rows = ["| failure | code | a retry may help | what happened |", "|---|---|---|---|"]
    for failure in failures(Failure):
        retry = "yes" if failure.is_retryable else "no"
        texts = f"{retry} | {cell(failure.__doc__ or '')}"
        rows.append(f"| {failure.__name__} | `{failure.code.name}` | {texts} |")
    yield "\n".join(rows)


def failures(parent: type[Failure]) -> Iterator[type[Failure]]:
    for child in parent.__subclasses__():
        yield child
        yield from failures(child)


def commands_page() -> Iterator[str]:
    group = typer.main.get_group(app)
    yield "# Commands"
    yield f"{group.help}\n\n{group.epilog}"
    for name, command in group.commands.items():
        assert isinstance(command, typer.core.TyperCommand)
        yield f"## jobtrail {name}"
        yield (command.help or "").strip()
        yield from options_table(command)


def options_table(command: typer.core.TyperCommand) -> Iterator[str]:
    """Describe what a command takes, apart from the settings, which have a page of their own."""
    settings = {setting.name for setting in all_settings()}
    own = [parameter for parameter in command.params if parameter.name not in settings]
    takes_settings = any(parameter.name == "config" for parameter in own)
    rows = []
    for parameter in own if takes_settings else command.params:
        named = ", ".join(f"`{option}`" for option in [*parameter.opts, *parameter.secondary_opts])
        if parameter.param_type_name == "argument":
            named = f"`{parameter.metavar or str(parameter.name).upper()}`"
        rows.append(f"| {named} | {cell(getattr(parameter, 'help', None) or '')} |")
    if rows:
        yield "\n".join(["| option | meaning |", "|---|---|", *rows])
    if takes_settings:
        yield "Every [setting](settings.md) is an option too."


def cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def joined(page: Callable[[], Iterator[str]]) -> Callable[[], str]:
    return lambda: MADE + "\n" + "\n\n".join(page()) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "reasons.md": joined(reasons_page),
    "settings.md": joined(settings_page),
    "metrics.md": joined(metrics_page),
    "reports.md": reports_markdown,
    "commands.md": joined(commands_page),
}


def main(arguments: list[str]) -> int:
    stale = []
    for name, page in PAGES.items():
        text = page()
        path = FOLDER / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if arguments == ["--check"]:
            stale.append(name)
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote docs/reference/{name}")
    for name in stale:
        print(f"docs/reference/{name} is stale: run script/reference", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
