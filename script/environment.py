"""Make the environment of this checkout: uv in .tools/, the locked packages in .venv/.

Run by script/setup with any Python 3.11 or newer, so only the standard library is imported here.
Every version and hash comes from uv.lock, uv's own too.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"

# The oldest uv that was seen to read this lock file and to know every option used below.
UV_OLDEST = (0, 8)

WANTED = {
    "all": ["--all-groups", "--all-extras"],
    # What is there for development stays: the demo only needs to be possible.
    "demo": ["--no-default-groups", "--extra", "demo", "--inexact"],
    # What an installed wheel needs, without Jobtrail itself; a test puts the wheel beside it.
    "needs": ["--no-default-groups", "--no-install-project"],
}


class SetupError(Exception):
    """Something that the user must know or do; its text is all that is printed."""


def main(arguments: list[str]) -> int:
    wanted = arguments[0] if arguments else "all"
    venv = Path(arguments[1]).absolute() if arguments[1:] else VENV
    if wanted not in WANTED or arguments[2:]:
        print(f"setup: usage: script/setup [{'|'.join(WANTED)} [FOLDER]]", file=sys.stderr)
        return 2
    try:
        environment = uv_environment()
        sync(find_uv() or install_uv(), wanted, venv, environment)
    except SetupError as failure:
        print(f"setup: {failure}", file=sys.stderr)
        return 1
    return 0


def uv_environment() -> dict[str, str]:
    """Return the variables for uv: ours, with what pip was told where uv was told nothing."""
    environment = dict(os.environ)
    environment["UV_PYTHON_DOWNLOADS"] = "never"  # a Python is not something a registry has
    environment.pop("VIRTUAL_ENV", None)  # uv would warn that it is not ours
    if "SSL_CERT_FILE" not in environment and environment.get("PIP_CERT"):
        environment["SSL_CERT_FILE"] = environment["PIP_CERT"]
    if not environment.get("HOME"):
        environment.setdefault("UV_CACHE_DIR", str(TOOLS / "cache"))
    if not (environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL")):
        index = pip_index()
        if index:
            environment["UV_DEFAULT_INDEX"] = index
    return environment


def pip_index() -> str:
    """Return the registry that pip is told to use by its variable or its files, or nothing."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"]
    files = (
        os.environ.get("PIP_CONFIG_FILE", ""),
        "~/.config/pip/pip.conf",
        "~/.pip/pip.conf",
        "/etc/pip.conf",
    )
    if not any(name and Path(name).expanduser().is_file() for name in files):
        return ""
    answer = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() if answer.returncode == 0 else ""


# --- uv -------------------------------------------------------------------------------------------


def find_uv() -> str | None:
    """Return a uv that is good enough: the one in .tools/, or one on the PATH."""
    ours = TOOLS / "uv" / "bin" / "uv"
    for candidate in (str(ours), shutil.which("uv")):
        if candidate and uv_version(candidate) >= UV_OLDEST:
            return candidate
    return None


def uv_version(program: str) -> tuple[int, ...]:
    """Return the version of *program* as numbers, or nothing when it does not run."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        return tuple(int(part) for part in answer.stdout.split()[1].split(".")[:2])
    except (OSError, subprocess.CalledProcessError, IndexError, ValueError):
        return ()


def locked_uv() -> dict[str, Any]:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    package: dict[str, Any] = next(p for p in lock["package"] if p["name"] == "uv")
    return package


def install_uv() -> str:
    """Install the locked uv into .tools/uv, by the first way that this machine allows.

    A Debian system's Python has neither pip nor ensurepip until somebody installs them, so the last
    way needs no more than the standard library.
    """
    package = locked_uv()
    print(f"setup: installing uv {package['version']} into .tools/", flush=True)
    TOOLS.mkdir(exist_ok=True)
    troubles = []
    for way in (uv_by_venv, uv_by_pip, uv_by_download):
        shutil.rmtree(TOOLS / "uv", ignore_errors=True)
        try:
            way(package)
        except (OSError, subprocess.CalledProcessError, SetupError) as trouble:
            said = getattr(trouble, "stderr", None) or getattr(trouble, "output", None) or trouble
            troubles.append(f"  {way.__name__}: {last_lines(str(said))}")
            continue
        program = TOOLS / "uv" / "bin" / "uv"
        if uv_version(str(program)) >= UV_OLDEST:
            return str(program)
        troubles.append(f"  {way.__name__}: it was installed but does not run")
    raise SetupError(
        "uv could not be installed; is a package registry reachable? What was tried:\n"
        + "\n".join(troubles)
        + "\n  You can also install uv yourself (pip install uv) and run this again."
    )


def last_lines(text: str, count: int = 3) -> str:
    return " / ".join(line.strip() for line in text.strip().splitlines()[-count:])


def uv_by_venv(package: dict[str, Any]) -> None:
    run_quietly([sys.executable, "-m", "venv", str(TOOLS / "uv")])
    pip_install([str(TOOLS / "uv" / "bin" / "python"), "-m", "pip"], package, [])


def uv_by_pip(package: dict[str, Any]) -> None:
    pip_install([sys.executable, "-m", "pip"], package, ["--target", str(TOOLS / "uv")])


def pip_install(pip: list[str], package: dict[str, Any], options: list[str]) -> None:
    hashes = [f"--hash={wheel['hash']}" for wheel in package["wheels"]]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
        requirements.write(f"uv=={package['version']} {' '.join(hashes)}\n")
        requirements.flush()
        locked = ["--only-binary=:all:", "--require-hashes", f"--requirement={requirements.name}"]
        run_quietly([*pip, "install", "--quiet", *options, *locked])


def uv_by_download(package: dict[str, Any]) -> None:
    machine = platform.machine()
    system = {"Linux": "manylinux", "Darwin": "macosx"}.get(platform.system(), "none")
    fitting = [w for w in package["wheels"] if machine in w["url"] and system in w["url"]]
    if not fitting:
        raise SetupError(f"the lock has no uv for {platform.system()} on {machine}")
    with urllib.request.urlopen(fitting[0]["url"], timeout=60) as answer:
        body = answer.read()
    if "sha256:" + hashlib.sha256(body).hexdigest() != fitting[0]["hash"]:
        raise SetupError("what was downloaded is not the uv that the lock names")
    program = TOOLS / "uv" / "bin" / "uv"
    program.parent.mkdir(parents=True)
    with tempfile.NamedTemporaryFile(suffix=".whl") as wheel:
        wheel.write(body)
        wheel.flush()
        with zipfile.ZipFile(wheel.name) as archive:
            name = next(n for n in archive.namelist() if n.endswith("/scripts/uv"))
            program.write_bytes(archive.read(name))
    program.chmod(0o755)


def run_quietly(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, text=True, check=True)


# --- packages -------------------------------------------------------------------------------------


def sync(uv: str, wanted: str, venv: Path, environment: dict[str, str]) -> None:
    """Bring *venv* to what the lock says.

    The lock names where each file lies on the public registry, and uv takes it from there whatever
    index it is told to use. Behind a mirror the same versions and hashes are therefore installed by
    name.
    """
    python = venv / "bin" / "python"
    is_new = not python.exists()
    if is_new:
        print(f"setup: installing the locked packages into {venv.name}/", flush=True)
    if is_mirrored(environment):
        sync_by_name(uv, wanted, venv, environment)
        return
    command = [uv, "sync", "--quiet", "--frozen", *WANTED[wanted]]
    environment = environment | {
        "UV_PYTHON": sys.executable if is_new else str(python),
        "UV_PROJECT_ENVIRONMENT": str(venv),
    }
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
        raise SetupError(
            "the locked packages could not be installed; uv's own words are above. Behind a mirror "
            "of the registry, set UV_DEFAULT_INDEX or PIP_INDEX_URL to its address."
        )


def is_mirrored(environment: dict[str, str]) -> bool:
    index = environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL") or ""
    return bool(index) and index.rstrip("/") != "https://pypi.org/simple"


def sync_by_name(uv: str, wanted: str, venv: Path, environment: dict[str, str]) -> None:
    ours = {"--inexact", "--no-install-project"}  # what `uv export` does not know
    options = [option for option in WANTED[wanted] if option not in ours]
    requirements = TOOLS / f"requirements-{wanted}.txt"
    TOOLS.mkdir(exist_ok=True)
    install = ["pip", "install", "--python", str(venv)]
    commands = [
        ["export", "--frozen", "--no-emit-project", "-o", str(requirements), *options],
        [*install, "--require-hashes", "-r", str(requirements)],
    ]
    if not (venv / "bin" / "python").exists():
        commands.insert(0, ["venv", "--python", sys.executable, str(venv)])
    if "--no-install-project" not in WANTED[wanted]:
        commands.append([*install, "--no-deps", "--editable", "."])
    for command in commands:
        called = [uv, "--quiet", *command]
        if subprocess.run(called, cwd=ROOT, env=environment, check=False).returncode != 0:
            raise SetupError(f"`uv {' '.join(command[:2])}` failed; its own words are above")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
