"""What is odd about events: decided at admission, or by what else is in the same trail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from jobtrail.events import Check
from jobtrail.store.fold import sql
from jobtrail.store.store import Store

# What the column create_time can hold, see sql/fold_events.sql.
_FIRST_TIME = datetime(1900, 1, 1, tzinfo=UTC)
_LAST_TIME = datetime(2299, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

_ORDER = {check.value: place for place, check in enumerate(Check)}


def checks_of(store: Store, tenant: str, offsets: Sequence[int]) -> dict[int, list[str]]:
    """Name all checks that each of some events of *tenant* carries now.

    Returns:
        By offset, in the order of ``Check``; an empty list for an event with nothing odd about it,
        and for an offset that is not *tenant*'s.
    """
    found: dict[int, list[str]] = {offset: [] for offset in offsets}
    if not found:
        return found
    rows = store.query(sql("checks"), _parameters(tenant, list(found), _FIRST_TIME, _LAST_TIME))
    for row in rows:
        offset, check = row["offset"], row["check"]
        assert isinstance(offset, int)
        assert isinstance(check, str)
        found[offset].append(check)
    for names in found.values():
        names.sort(key=_ORDER.__getitem__)
    return found


def count_checks(store: Store, tenant: str, start: datetime, end: datetime) -> dict[str, int]:
    """Count *tenant*'s events by check; an event with two checks counts under both.

    Args:
        store: Where the events are.
        tenant: Whose events count.
        start: First create_time that counts.
        end: First create_time after *start* that does not count any more.

    Returns:
        Every ``Check`` by its value, 0 included.
    """
    counted = f"SELECT check, count() AS events FROM ({sql('checks')}) GROUP BY check"  # noqa: S608 - our own file
    counts = {check.value: 0 for check in Check}
    for row in store.query(counted, _parameters(tenant, [], start, end)):
        check, events = row["check"], row["events"]
        assert isinstance(check, str)
        assert isinstance(events, int)
        counts[check] = events
    return counts


def _parameters(
    tenant: str, offsets: list[int], start: datetime, end: datetime
) -> dict[str, object]:
    return {"tenant": tenant, "offsets": offsets, "start": start, "end": end}
