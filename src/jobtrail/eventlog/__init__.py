"""The event log: append and dedup in one atomic, fsynced commit. The truth; all else is derived."""

from jobtrail.eventlog.log import EventLog
from jobtrail.eventlog.outcomes import OutcomeCount
from jobtrail.eventlog.reader import Commit, LogReader
from jobtrail.eventlog.receipt import LogStatus, Outcome, Receipt
from jobtrail.eventlog.record import Rejection

__all__ = [
    "Commit",
    "EventLog",
    "LogReader",
    "LogStatus",
    "Outcome",
    "OutcomeCount",
    "Receipt",
    "Rejection",
]
