"""Files that never change while the process runs, kept compressed, with strong validators."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

PLOTLY = "plotly.min.js"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
# 4.8 MB become 1.47 MB at level 9 and 1.49 MB at level 6, in a third of the time.
_GZIP_LEVEL = 6
_STYLE_ID = re.compile(rb'getElementById\("([0-9a-f]{64})"\)')


class StaticFile(msgspec.Struct, frozen=True):
    """One file as it goes over the wire."""

    media_type: str
    compressed: bytes
    version: str
    """The first 16 hexadecimal digits of the content's SHA-256."""

    @property
    def plain(self) -> bytes:
        """The content as it is; few clients take no gzip, so it is not kept as well."""
        return gzip.decompress(self.compressed)


@cache
def static_file(name: str) -> StaticFile | None:
    """Return the file that ``/static/{name}`` names, or ``None``; reads it once."""
    path = _static_paths().get(name)
    if path is None:
        return None
    content = path.read_bytes()
    return StaticFile(
        media_type=_MEDIA_TYPES[path.suffix],
        compressed=gzip.compress(content, _GZIP_LEVEL, mtime=0),
        version=hashlib.sha256(content).hexdigest()[:16],
    )


def static_address(name: str) -> str:
    """Return the address of a file with its version in it, which may be cached for ever."""
    file = static_file(name)
    assert file is not None, name
    return f"/static/{name}?v={file.version}"


@cache
def plotly_style_ids() -> tuple[str, ...]:
    """Name the style elements that plotly.js adds when it is loaded, unless the page has them.

    They belong to its maps, which we do not draw, and the Content-Security-Policy forbids them. A
    page that already has an element of that id is left alone.
    """
    found = _STYLE_ID.findall(_plotly_path().read_bytes())
    return tuple(dict.fromkeys(identifier.decode() for identifier in found))


@cache
def _static_paths() -> Mapping[str, Path]:
    """Every file that is served, by name: a request can ask for these and nothing else."""
    folder = files("jobtrail.engine.dashboard").joinpath("static")
    own = {Path(str(entry)).name: Path(str(entry)) for entry in folder.iterdir()}
    return own | {PLOTLY: _plotly_path()}


def _plotly_path() -> Path:
    """Find plotly.js in Plotly's wheel without importing it, which would take 18 MB."""
    spec = importlib.util.find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "package_data" / PLOTLY
