"""Every example of the README and the guides runs, and does what the page says."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.service import Service, new_tenant, wait_until

ROOT = Path(__file__).resolve().parents[2]
NODE_MODULES = Path(__file__).parent / "node" / "node_modules"
PAGES = (ROOT / "README.md", ROOT / "docs" / "howto" / "record-with-google-clients.md")
LANGUAGES = {"python": 5, "javascript": 2, "curl": 4}
"""How many examples there are, so that one that gets lost, or another tag, is noticed."""


class Example(NamedTuple):
    """One fenced block that a reader would copy."""

    language: str
    text: str
    place: str


def examples(language: str) -> list[Example]:
    found = []
    for page in PAGES:
        text = page.read_text("utf-8")
        for match in re.finditer(r"^```(\w+)\n(.*?)^```", text, flags=re.DOTALL | re.M):
            tag, body = match.groups()
            line = text[: match.start()].count("\n") + 1
            commands = [body] if tag != "bash" else split_commands(body)
            found += [
                Example("curl" if tag == "bash" else tag, command, f"{page.name}:{line}")
                for command in commands
                if tag != "bash" or command.startswith("curl ")
            ]
    return [example for example in found if example.language == language]


def split_commands(block: str) -> list[str]:
    """Split a block of shell into commands: a line without indentation begins one."""
    return re.split(r"\n(?=[a-z])", block.strip())


def adapted(example: Example, service: Service, tenant: str) -> str:
    """The example as a reader would change it: another port and another tenant."""
    text = example.text.replace("localhost:8080", f"localhost:{service.port}")
    text = re.sub(r"\bport: 8080\b", f"port: {service.port}", text)
    text = text.replace("projects/my-project/tenants/my-tenant", tenant)
    return text.replace("projects/my-project/", f"{tenant.partition('/tenants/')[0]}/")


def run(program: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        program,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def assert_recorded(service: Service, tenant: str, printed: str) -> None:
    """What was printed is the id of the one event that the tenant now has."""
    path = f"/v1/{tenant}/clientEvents"
    listed = wait_until(lambda: service.get(path)["clientEvents"], what="the event is listed")
    assert [event["eventId"] for event in listed] == [printed]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_example_gets_lost(language: str) -> None:
    assert len(examples(language)) == LANGUAGES[language]


@pytest.mark.parametrize("example", examples("python"), ids=lambda example: example.place)
def test_python_example_records(example: Example, server: Service, tmp_path: Path) -> None:
    tenant = new_tenant()
    (tmp_path / "example.py").write_text(adapted(example, server, tenant), "utf-8")
    printed = run([sys.executable, "example.py"], tmp_path)
    if "except exceptions" in example.text:
        assert printed.splitlines()[0] == "EVENT_ID_MISSING"
        assert "client_event.event_id" in printed
    elif "print(" in example.text:
        assert_recorded(server, tenant, printed)
    else:
        server.wait_until_counted(tenant, 1)


@pytest.mark.node
@pytest.mark.parametrize("example", examples("javascript"), ids=lambda example: example.place)
def test_node_example_records(example: Example, server: Service, tmp_path: Path) -> None:
    tenant = new_tenant()
    (tmp_path / "example.js").write_text(adapted(example, server, tenant), "utf-8")
    printed = run(["node", "example.js"], tmp_path, NODE_PATH=str(NODE_MODULES))
    assert_recorded(server, tenant, printed)


@pytest.mark.parametrize("example", examples("curl"), ids=lambda example: example.place)
def test_curl_example_is_answered(example: Example, server: Service) -> None:
    """Sends what curl would send: the URL, and the body of ``--json``."""
    words = shlex.split(adapted(example, server, new_tenant()).replace("\\\n", " "))
    (url,) = [word for word in words if word.startswith("http")]
    if "--json" in words:
        body = words[words.index("--json") + 1]
        answer = httpx.post(url, content=body, headers={"content-type": "application/json"})
        assert answer.json()["eventId"] in body
    else:
        answer = httpx.get(url)
        assert answer.json()["report"] == "funnel"
    assert answer.status_code == 200
