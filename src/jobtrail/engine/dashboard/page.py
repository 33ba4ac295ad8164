"""The page as a whole: which tenant, which parts, and what stands in for a part that failed."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

from jobtrail import names
from jobtrail.analytics.parameters import ReportError
from jobtrail.clock import NS_PER_SECOND
from jobtrail.engine.context import Context
from jobtrail.engine.dashboard.examples import curl_example, python_example
from jobtrail.engine.dashboard.filters import Filters
from jobtrail.engine.dashboard.flags import Flags, read_flags
from jobtrail.engine.dashboard.live import Live, read_live
from jobtrail.engine.dashboard.numbers import Numbers, read_numbers
from jobtrail.engine.dashboard.problem import Problem
from jobtrail.engine.records import timestamp
from jobtrail.engine.tenants import Tenant, read_tenants

PARTS = ("numbers", "live", "checks")
"""Parts that can be asked for alone, to put in the place of those that are shown."""

TENANTS_MAX = 200
"""Tenants that the picker lists; any other can be named in the address."""

TENANT_EXAMPLE = "projects/my-project/tenants/my-tenant"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What the templates need. A part that was not asked for is ``None``."""

    filters: Filters
    tenant: str
    tenants: list[str]
    """Names that the picker shows."""
    base_url: str
    now: datetime
    has_events: bool
    numbers: Numbers | Problem | None = None
    live: Live | None = None
    checks: Flags | Problem | None = None
    mistake: str = ""
    """What is wrong with the filters."""

    @property
    def tenant_path(self) -> str:
        """The tenant's name with each segment percent-encoded."""
        return "/".join(quote(segment, safe="") for segment in self.tenant.split("/"))

    def part_address(self, part: str) -> str:
        """The address of one part of this very page."""
        # Without events the tenant may be a mere example, which is nothing to wait for.
        tenant = self.tenant if self.has_events else self.filters.tenant
        address = self.filters.address(tenant=tenant)
        return f"{address}{'&' if '?' in address else '?'}part={part}"

    def report_address(self, report: str) -> str:
        """The address of the CSV of one of the reports on this page."""
        asked = self.filters.report_parameters(report, now=self.now)
        return self.filters.report_address(report, self.tenant_path, **asked, format="csv")

    @property
    def curl_example(self) -> str:
        """A command that records a first event."""
        now = timestamp(int(self.now.timestamp()), 0)
        return curl_example(self.base_url, self.tenant, now)

    @property
    def python_example(self) -> str:
        """A program that records a first event."""
        return python_example(self.base_url, self.tenant)


def read_page(context: Context, filters: Filters, *, base_url: str, part: str) -> Page:
    """Read what the page or one *part* of it shows; blocks.

    Args:
        context: The engine.
        filters: From the address.
        base_url: Where the reader reaches us, for the examples.
        part: One of ``PARTS``, or empty for all.

    Raises:
        Failure: The tenants cannot be read, without which there is no page.
    """
    now = datetime.fromtimestamp(context.clock() // NS_PER_SECOND, UTC)
    before = context.loaded_offset
    found = _tenants(context, before, "")
    tenant = _choose_tenant(filters, found)
    listed = [each.name for each in found]
    has_events = tenant in listed or bool(_tenants(context, before, tenant))
    if has_events and tenant not in listed:
        listed.insert(0, tenant)
    page = Page(
        filters=filters,
        tenant=tenant,
        tenants=listed,
        base_url=base_url,
        now=now,
        has_events=has_events,
    )
    return _with_parts(context, page, [part] if part else PARTS) if has_events else page


def _tenants(context: Context, before: int, only: str) -> list[Tenant]:
    return context.kept.get(
        ("tenants", only),
        before,
        lambda: read_tenants(
            context.store, after="", before=before, count_max=TENANTS_MAX, only=only
        ),
    )


def _choose_tenant(filters: Filters, found: list[Tenant]) -> str:
    """Take the tenant of the address, else the one that was last heard of."""
    if filters.tenant and names.is_tenant(filters.tenant):
        return filters.tenant
    if not found:
        return TENANT_EXAMPLE
    return max(found, key=lambda tenant: tenant.last_receive_micros).name


def _with_parts(context: Context, page: Page, parts: list[str] | tuple[str, ...]) -> Page:
    filters = page.filters
    made: dict[str, object] = {}
    try:
        if "numbers" in parts:
            made["numbers"] = read_numbers(context, page.tenant, filters, now=page.now)
        if "checks" in parts:
            made["checks"] = read_flags(context, page.tenant, filters, now=page.now)
    except ReportError as error:
        made = {"mistake": str(error)}
    if "live" in parts:
        made["live"] = read_live(context, page.tenant, filters, now=page.now)
    return msgspec.structs.replace(page, **made)
