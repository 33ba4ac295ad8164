"""script/setup on machines that lack this or that."""

from __future__ import annotations

import hashlib
import importlib.util
import platform
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
MACHINE = (
    f"{'macosx_11_0' if platform.system() == 'Darwin' else 'manylinux_2_17'}_{platform.machine()}"
)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module behind script/setup, with a folder of its own for tools."""
    spec = importlib.util.spec_from_file_location("environment", ROOT / "script/environment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "TOOLS", tmp_path / "tools")
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(variable, raising=False)
    return module


def wheel_of_uv(folder: Path, *, version: str = "0.99.0") -> dict[str, object]:
    """Make a wheel with a program in it that says it is uv, and what a lock would say of it."""
    path = folder / f"uv-{version}-py3-none-{MACHINE}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"uv-{version}.data/scripts/uv", f"#!/bin/sh\necho uv {version}\n")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    wheel = {"url": path.as_uri(), "hash": f"sha256:{digest}"}
    return {"name": "uv", "version": version, "wheels": [wheel]}


def test_uv_is_installed_without_pip_from_the_wheel_that_the_lock_names(
    environment: ModuleType, tmp_path: Path
) -> None:
    environment.uv_by_download(wheel_of_uv(tmp_path))
    program = tmp_path / "tools/uv/bin/uv"
    assert environment.uv_version(str(program)) == (0, 99)
    assert environment.find_uv() == str(program)


def test_a_wheel_that_is_not_the_locked_one_is_refused(
    environment: ModuleType, tmp_path: Path
) -> None:
    package = wheel_of_uv(tmp_path)
    package["wheels"][0]["hash"] = "sha256:" + "0" * 64  # type: ignore[index]
    with pytest.raises(environment.SetupError, match="not the uv that the lock names"):
        environment.uv_by_download(package)
    assert not (tmp_path / "tools").exists()


def test_when_nothing_works_it_says_what_was_tried(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = wheel_of_uv(tmp_path) | {"wheels": []}
    monkeypatch.setattr(environment, "locked_uv", lambda: package)
    monkeypatch.setattr(sys, "executable", "/nonexistent/python3")
    with pytest.raises(environment.SetupError) as raised:
        environment.install_uv()
    said = str(raised.value)
    assert "is a package registry reachable?" in said
    assert all(way in said for way in ("uv_by_venv", "uv_by_pip", "uv_by_download"))


def test_an_old_uv_on_the_path_is_not_used(
    environment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "uv"
    old.write_text("#!/bin/sh\necho uv 0.1.9\n", encoding="ascii")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert environment.find_uv() is None


def test_what_pip_was_told_holds_for_uv(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    told = environment.uv_environment()
    assert told["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert environment.is_mirrored(told)


def test_the_public_registry_is_no_mirror(environment: ModuleType) -> None:
    assert not environment.is_mirrored({"UV_DEFAULT_INDEX": "https://pypi.org/simple/"})
    assert not environment.is_mirrored({})


def test_a_machine_without_a_new_enough_python_is_told_so(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.mkdir()
    (script / "setup").write_bytes((ROOT / "script/setup").read_bytes())
    run = subprocess.run(
        ["/bin/bash", str(script / "setup")],
        env={"PATH": "/nonexistent", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "no Python 3.11 or newer found" in run.stderr
