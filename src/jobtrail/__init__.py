"""Jobtrail records how people meet jobs and counts each event exactly once."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("jobtrail")
except PackageNotFoundError:  # run from a source tree that nobody installed
    __version__ = "0+unknown"
