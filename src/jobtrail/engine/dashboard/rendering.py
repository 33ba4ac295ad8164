"""Templates to HTML. Everything that is put in is escaped, unless a template says ``safe``."""

from __future__ import annotations

from functools import cache
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined

from jobtrail import __version__
from jobtrail.engine.dashboard import words
from jobtrail.engine.dashboard.filters import FIRST_STAGES
from jobtrail.engine.dashboard.live import job_label
from jobtrail.engine.dashboard.page import Page
from jobtrail.engine.static_files import plotly_style_ids, static_address


def render_page(page: Page) -> str:
    """Render the whole page, or the one for a tenant that has no events yet."""
    name = "page.html" if page.has_events else "empty.html"
    return _environment().get_template(name).render(page=page)


def render_part(page: Page, part: str) -> str:
    """Render one part of the page; *part* is one of ``page.PARTS``."""
    return _environment().get_template(f"{part}.html").render(page=page)


def render_trouble(title: str, message: str) -> str:
    """Render the page that says why there is none."""
    template = _environment().get_template("trouble.html")
    return template.render(page=None, title=title, message=message)


def tenant_label(tenant: str) -> str:
    """Shorten a tenant's name to ``project / tenant``."""
    _, project, _, name = tenant.split("/")
    return f"{project} / {name}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("jobtrail.engine.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "check_meaning": words.check_meaning,
        "check_name": words.check_name,
        "number": words.number,
        "percent": words.percent,
        "percent_range": lambda pair: words.percent_range(*pair),
        "reason_name": words.reason_name,
        "stage_name": words.STAGE_NAMES.__getitem__,
        "segment": lambda text: quote(text, safe=""),
        "span": words.span,
        "type_name": words.type_name,
    }
    environment.globals |= {
        "first_stages": FIRST_STAGES,
        "job_label": job_label,
        "plotly_style_ids": plotly_style_ids,
        "selectable_types": words.selectable_types,
        "short_time": words.short_time,
        "static": static_address,
        "tenant_label": tenant_label,
        "version": __version__,
    }
    return environment
