"""How the process leaves: when its supervisor is gone, and when a query will not end."""

from __future__ import annotations

import os
import signal
import threading

from jobtrail.engine.patience import SlowAnswers
from jobtrail.engine.queries import Queries

_EXIT_ORPHANED = 3
_READ_BYTES = 512


def leave_with_parent(descriptor: int, *, grace_s: float) -> threading.Thread:
    """Stop this process when the other end of the pipe *descriptor* closes.

    It is asked to stop as by SIGTERM, and ends without more ado *grace_s* seconds later: an orphan
    would hold the data folder against the next service.
    """
    thread = threading.Thread(
        target=_watch, args=(descriptor, grace_s), name="parent-watch", daemon=True
    )
    thread.start()
    return thread


def _watch(descriptor: int, grace_s: float) -> None:
    # Nothing is ever written to the pipe, so a read returns at its end alone.
    while os.read(descriptor, _READ_BYTES):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(grace_s)
    os._exit(_EXIT_ORPHANED)


def leave_if_busy(queries: Queries, slow: SlowAnswers) -> None:
    """End the process at once if a query still runs or waits; else return.

    A query cannot be stopped, Python waits for its threads, and the supervisor does not wait for
    ever. Nothing hangs on how the store is closed: the next start puts the tables in order.
    """
    slow.close()
    if queries.admitted or slow.making:
        os._exit(0)
