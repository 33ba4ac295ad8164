"""What is true of every file of the project, whatever is in it."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"node_modules", "__pycache__", "dist", "build", "data", "jobtrail-data"}
HIDDEN_BUT_OURS = {".ci"}

# The house's bound; a longer file usually holds several ideas.
MODULE_LINES_MAX = 500


def project_files() -> Iterator[Path]:
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name in HIDDEN_BUT_OURS or not (name in NOT_OURS or name.startswith("."))
        ]
        yield from (Path(folder) / name for name in files)


def texts() -> dict[Path, str]:
    found = {}
    for path in project_files():
        body = path.read_bytes()
        is_made_elsewhere = path.name.endswith((".binpb", ".min.js"))
        if b"\0" not in body and not is_made_elsewhere:
            found[path.relative_to(ROOT)] = body.decode("utf-8")
    return found


def pages() -> list[Path]:
    return sorted(path for path in texts() if path.suffix == ".md")


def prose(page: Path) -> str:
    """The page without its code, in which brackets and hashes mean something else."""
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL | re.M)
    return re.sub(r"`[^`\n]*`", "code", text)


def anchors(page: Path) -> set[str]:
    """The names under which GitHub lets one link to the headings of *page*."""
    text = re.sub(r"^```.*?^```", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL | re.M)
    headings = re.findall(r"^#{1,6} +(.+?) *$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_text_ends_with_one_newline() -> None:
    bad = [str(path) for path, text in texts().items() if text and not re.search(r"\S\n\Z", text)]
    assert bad == []


def test_no_module_is_longer_than_the_bound() -> None:
    lines = {str(p): t.count("\n") for p, t in texts().items() if p.suffix in {".py", ".js"}}
    assert {path: count for path, count in lines.items() if count > MODULE_LINES_MAX} == {}


@pytest.mark.parametrize("page", pages(), ids=str)
def test_no_link_is_dead(page: Path) -> None:
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue  # another host's; nothing here may ask the network
        name, _, anchor = target.partition("#")
        linked = (ROOT / page.parent / name).resolve() if name else ROOT / page
        missing_anchor = (
            anchor and linked.suffix == ".md" and anchor not in anchors(linked.relative_to(ROOT))
        )
        if not linked.exists() or missing_anchor:
            dead.append(target)
    assert dead == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in seen or not page.is_file():
            continue
        seen.add(page)
        targets = re.findall(r"\]\((?![a-z]+:)([^)#\s]+\.md)(?:#[^)]*)?\)", prose(page))
        ahead.extend((page.parent / target).resolve() for target in targets)
    for_readers = {page for page in pages() if page.parts[0] == "docs" or len(page.parts) == 1}
    assert for_readers - {page.relative_to(ROOT) for page in seen} == set()


def test_every_command_in_script_may_be_run() -> None:
    commands = [p for p in (ROOT / "script").iterdir() if p.is_file() and not p.suffix]
    commands.append(ROOT / ".ci" / "run")
    assert [p.name for p in commands if not os.access(p, os.X_OK)] == []


def test_the_locks_name_no_private_registry() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
    registries = {package["source"].get("registry") for package in lock["package"]} - {None}
    assert registries == {"https://pypi.org/simple"}
    node = json.loads((ROOT / "tests/conformance/node/package-lock.json").read_text("utf-8"))
    assert [name for name, package in node["packages"].items() if "resolved" in package] == []


def test_the_changelog_speaks_of_this_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"## [{project['version']}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
