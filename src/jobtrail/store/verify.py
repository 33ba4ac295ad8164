"""`jobtrail verify`: is the log whole, and does the store say what the log says, id by id?"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from jobtrail.datafolder import DataFolder
from jobtrail.errors import StoreUnavailable
from jobtrail.eventlog.finding import Finding, damage, warning
from jobtrail.eventlog.reader import LogReader
from jobtrail.eventlog.verify import LogVerification, verify_log
from jobtrail.settings import Settings
from jobtrail.store.compare import FINDINGS_MAX, Difference, compare
from jobtrail.store.store import Store

Progress = Callable[[str, int, int], None]
"""Told what is verified, `log` or `store`, how many events of it are done, and of how many."""

_REMEDY = "`jobtrail rebuild` makes the store anew from the log"


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at in log and store, and all that was found."""

    log: LogVerification
    compared_events: int
    """Events of the log that the store has, or should have."""
    differences: list[Difference]
    """Where the store differs from the log, at most ``FINDINGS_MAX``."""
    findings: list[Finding]
    """All of it, the log's and the store's."""

    @property
    def is_sound(self) -> bool:
        """Whether all that was recorded is there and every report counts it once."""
        return not any(finding.severity == "damage" for finding in self.findings)


def verify(folder: DataFolder, settings: Settings, *, progress: Progress) -> Verification:
    """Verify log, archive and store of a data folder; blocks, reads everything, changes nothing.

    Args:
        folder: The data folder, held by the caller: two processes cannot have one store open.
        settings: Bounds on memory and time.
        progress: Told every now and then.

    Raises:
        LogUnavailable: The log cannot be read at all: an I/O error, no permission.
    """
    assert folder.lock_descriptor >= 0, "the caller holds the folder"
    log = verify_log(folder.path, progress=lambda done, end: progress("log", done, end))
    findings = list(log.findings)
    differences: list[Difference] = []
    compared = 0
    if not folder.store.exists():
        if log.events:
            findings.append(warning("store", f"there is none yet; {_REMEDY}"))
    else:
        try:
            compared, differences = _compare(folder, settings, progress)
        except StoreUnavailable as error:
            findings.append(damage("store", f"{error.message}; {_REMEDY}"))
    findings += [_finding(difference) for difference in differences]
    if len(differences) == FINDINGS_MAX:
        findings.append(warning("store", f"no more than {FINDINGS_MAX} differences are listed"))
    return Verification(
        log=log, compared_events=compared, differences=differences, findings=findings
    )


def _compare(
    folder: DataFolder, settings: Settings, progress: Progress
) -> tuple[int, list[Difference]]:
    store = Store.open(folder.store, settings)
    reader = LogReader(folder.eventlog)
    try:
        checkpoint = store.read_checkpoint()
        found = compare(store, reader, checkpoint, lambda done, end: progress("store", done, end))
        return checkpoint.offset, found
    finally:
        store.close()
        reader.close()


def _finding(difference: Difference) -> Finding:
    kind = "rejection" if difference.table == "rejected_events" else "offset"
    event = f" event {difference.event_id}" if difference.event_id else ""
    where = f"store {difference.table} {kind} {difference.id}{event}"
    return damage(where, f"{difference.message}; {_REMEDY}")
