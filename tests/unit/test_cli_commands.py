"""The program without a server: its help, its refusals, and the exit code of each."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import msgspec
import pytest
import typer

import jobtrail as package
from jobtrail.analytics.reports import REPORTS
from jobtrail.cli.app import COMMANDS, app
from jobtrail.cli.setting_flags import all_settings
from jobtrail.cli.trail import duration_text
from jobtrail.settings import Settings
from tests.command_line import command, environment, jobtrail

TENANT = "projects/p/tenants/t"


def test_version_is_that_of_the_package() -> None:
    result = jobtrail("--version")
    assert (result.returncode, result.stdout) == (0, f"jobtrail {package.__version__}\n")


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_lists_every_command_and_the_exit_codes(flag: str) -> None:
    result = jobtrail(flag)
    assert result.returncode == 0
    listed = re.findall(r"^  ([a-z]+)  +[A-Z]", result.stdout, re.MULTILINE)
    names = [command.__name__ for command in COMMANDS]
    assert listed == names
    assert names == [
        *("serve", "demo", "send", "tail", "trail", "report", "verify", "rebuild", "settings")
    ]
    assert "Exit codes: 0 done" in result.stdout


@pytest.mark.parametrize("command", [command.__name__ for command in COMMANDS])
def test_every_command_explains_itself_and_its_options(command: str) -> None:
    # What a command shows comes from here; running each would only test typer.
    group = typer.main.get_command(app)
    described = group.commands[command]  # type: ignore[attr-defined]
    assert described.help
    for parameter in described.params:
        assert getattr(parameter, "help", None), f"{command} {parameter.name} has no help"


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["fly"], "No such command"),
        (["report", "funnel", "--no-such-option"], "No such option"),
        (["report", "nosuch"], "there are: funnel"),
        (["report", "funnel", "--interval", "day"], "takes no interval"),
        (["report", "funnel", "--format", "xml"], "'table', 'json', 'csv'"),
        (["report", "funnel", "--data", "d", "--url", "http://h"], "not both"),
        (["report", "funnel", "--url", "h:1"], "http://"),
        (["tail", "-n", "1001"], "equal to 1000"),
        (["trail"], "Missing argument"),
        (["send", "--type", "VIEW", "--job", "j"], "--tenant"),
        (["send", "--tenant", TENANT, "--type", "NOPE", "--job", "j"], "APPLICATION_FINISH"),
        (["send", "--tenant", TENANT, "--type", "VIEW"], "--stdin"),
        (["send", "--tenant", TENANT, "--job", "j"], "--type"),
        (["send", "--tenant", "t", "--type", "VIEW", "--job", "j"], "projects/PROJECT/tenants"),
        (["serve", "--port", "-1"], "port"),
        (["serve", "--port", "many"], "port"),
        (["settings", "--jobs-max", "0", "--log-level", "loud"], "jobs_max"),
        (["demo", "--events", "0"], "--events"),
        (["demo", "--until", "someday"], "2026-11-24"),
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_a_hint(
    tmp_path: Path, arguments: list[str], hint: str
) -> None:
    result = jobtrail(*arguments, cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    # The error of an option comes in a box on wide terminals and wraps on narrow ones.
    assert hint in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
    assert not result.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "funnel"],
        ["tail", "--no-follow"],
        ["trail", "r"],
        ["verify"],
        ["rebuild"],
        ["send", "--tenant", TENANT, "--type", "VIEW", "--job", "j"],
    ],
    ids=" ".join,
)
def test_without_data_or_server_a_command_ends_with_3_and_says_what_to_do(
    tmp_path: Path, arguments: list[str]
) -> None:
    result = jobtrail(*arguments, cwd=tmp_path)
    assert result.returncode == 3, result.stderr
    assert "jobtrail-data" in result.stderr
    assert "--data" in result.stderr
    # These two work on files, and a server cannot do it for them.
    assert ("--url" in result.stderr) is (arguments[0] not in {"verify", "rebuild"})
    assert "Traceback" not in result.stderr
    # Looking for data makes no folder.
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_not_there_ends_with_3_and_is_named() -> None:
    # Port 1 (tcpmux) is served nowhere.
    result = jobtrail("report", "funnel", "--url", "http://127.0.0.1:1")
    assert result.returncode == 3
    assert "no server answers at http://127.0.0.1:1" in result.stderr
    assert "jobtrail serve" in result.stderr


def test_report_without_a_name_lists_the_reports() -> None:
    result = jobtrail("report")
    assert result.returncode == 0
    for name, spec in REPORTS.items():
        assert re.search(rf"^{name} +{re.escape(spec.title)}", result.stdout, re.MULTILINE)
    as_json = json.loads(jobtrail("report", "--json").stdout)
    assert [spec["name"] for spec in as_json] == list(REPORTS)


def test_every_parameter_of_a_report_is_an_option(tmp_path: Path) -> None:
    described = typer.main.get_command(app).commands["report"]  # type: ignore[attr-defined]
    options = {option for parameter in described.params for option in parameter.opts}
    for spec in REPORTS.values():
        for parameter in spec.parameters:
            flag = re.sub("([A-Z])", lambda m: f"-{m[1].lower()}", parameter.name)
            assert f"--{flag}" in options, f"{spec.name} takes {parameter.name}"


def test_settings_say_where_each_value_comes_from(tmp_path: Path) -> None:
    config = tmp_path / "jobtrail.toml"
    config.write_text("jobs_max = 7\nnotes_chars_max = 8\nport = 1\n")
    result = jobtrail(
        *("settings", "--config", config, "--port", "3", "--json"),
        env={"JOBTRAIL_PORT": "2", "JOBTRAIL_NOTES_CHARS_MAX": "9"},
    )
    assert result.returncode == 0, result.stderr
    shown = json.loads(result.stdout)
    assert list(shown) == [field.name for field in msgspec.structs.fields(Settings)]
    assert shown["port"] == {"value": 3, "source": "flag"}
    assert shown["notes_chars_max"] == {"value": 9, "source": "environment"}
    assert shown["jobs_max"] == {"value": 7, "source": "file"}
    assert shown["host"] == {"value": "127.0.0.1", "source": "default"}


def test_settings_are_a_table_for_people(tmp_path: Path) -> None:
    result = jobtrail("settings", "--jobs-max", "7", cwd=tmp_path)
    assert re.search(r"^setting +value +source *$", result.stdout, re.MULTILINE)
    assert re.search(r"^jobs_max +7 +flag *$", result.stdout, re.MULTILINE)
    assert re.search(r"^queue_events_max +20,000 +default *$", result.stdout, re.MULTILINE)


def test_serve_prints_its_settings_without_starting(tmp_path: Path) -> None:
    result = jobtrail("serve", "--print-settings", "--port", "5", cwd=tmp_path)
    assert result.returncode == 0
    assert re.search(r"^port +5 +flag *$", result.stdout, re.MULTILINE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["serve", "settings"])
def test_there_is_a_flag_for_every_setting(command: str) -> None:
    described = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    options = {option for parameter in described.params for option in parameter.opts}
    fields = [field.name for field in msgspec.structs.fields(Settings)]
    assert {f"--{name.replace('_', '-')}" for name in fields} <= options
    assert [setting.name for setting in all_settings()] == fields


@pytest.mark.parametrize("arguments", [["settings"], ["settings", "--json"]], ids=" ".join)
def test_a_reader_that_has_seen_enough_is_no_error(arguments: list[str]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    result = subprocess.run(
        command(*arguments),
        stdout=write_end,
        stderr=subprocess.PIPE,
        timeout=60,
        check=False,
        env=environment(),
    )
    os.close(write_end)
    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "+0.0 s"),
        (0.26, "+0.3 s"),
        (-2, "-2.0 s"),
        (60, "+1 min 0 s"),
        (200, "+3 min 20 s"),
        (3_600, "+1 h 0 min"),
        (90_061, "+1 d 1 h"),
        (-90_061, "-1 d 1 h"),
    ],
)
def test_a_distance_in_time_shows_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
