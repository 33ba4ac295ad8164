"""Resource names: what a tenant and a job are called on the wire.

A name is checked loosely on purpose: published samples send job names with literal ``[Project ID]``
text in them, so a segment may hold anything but a slash and control characters. Whether a job
exists is never checked here.
"""

from __future__ import annotations

import re

DEFAULT_TENANT = "default"
"""The tenant that v4beta1 writes to when its parent names a project alone."""

ID_CHARS_MAX = 128
"""Characters of a project's or a tenant's id: four times what Google gives out, and short enough to
be a label of metrics."""

# 0x00-0x1f and 0x7f are control characters; a slash ends a segment.
_SEGMENT = r"[^/\x00-\x1f\x7f]+"
# HTTP clients and proxies fold "." and ".." away, so no URL could name such a tenant.
_ID = rf"(?!\.{{1,2}}(?:/|\Z))[^/\x00-\x1f\x7f]{{1,{ID_CHARS_MAX}}}"
_TENANT = re.compile(rf"projects/{_ID}/tenants/{_ID}")
_PROJECT = re.compile(rf"projects/{_ID}")
_JOB = re.compile(rf"projects/{_SEGMENT}(?:/tenants/{_SEGMENT})?/jobs/{_SEGMENT}")


def is_tenant(name: str) -> bool:
    """Tell whether *name* is ``projects/{project}/tenants/{tenant}``."""
    return _TENANT.fullmatch(name) is not None


def is_project(name: str) -> bool:
    """Tell whether *name* is ``projects/{project}``."""
    return _PROJECT.fullmatch(name) is not None


def is_job(name: str) -> bool:
    """Tell whether *name* is ``{tenant}/jobs/{job}``.

    v4beta1 also has ``projects/{project}/jobs/{job}``.
    """
    return _JOB.fullmatch(name) is not None


def default_tenant(project: str) -> str:
    """Name the tenant that events written to *project* alone belong to."""
    return f"{project}/tenants/{DEFAULT_TENANT}"


def job_belongs_to(job: str, tenant: str) -> bool:
    """Tell whether *job* is one of *tenant*'s.

    ``projects/{project}/jobs/{job}`` belongs to the project's default tenant.
    """
    if job.startswith(f"{tenant}/jobs/"):
        return True
    project, _, name = tenant.partition("/tenants/")
    return name == DEFAULT_TENANT and job.startswith(f"{project}/jobs/")
