"""``jobtrail rebuild``: forget the store and fold it again from the whole log."""

from __future__ import annotations

from jobtrail.cli.connection import read_settings
from jobtrail.cli.options import Data, Json


def rebuild(data: Data = None, as_json: Json = False) -> None:
    """Delete every table and count all events again, archived ones included.

    The numbers are the same afterwards; nothing that was recorded is touched. No server may hold
    the folder meanwhile. Run it again if it was cut short.
    """
    from jobtrail.cli.folder import hold_folder
    from jobtrail.cli.progress import show_progress
    from jobtrail.store.rebuild import rebuild as rebuild_store

    settings = read_settings(data)
    with hold_folder(settings) as folder, show_progress(is_quiet=as_json) as progress:
        status = rebuild_store(
            folder, settings, lambda done, total: progress("events", done, total)
        )
    if as_json:
        import msgspec

        print(msgspec.json.encode(status).decode())
        return
    rows = ", ".join(f"{count:,} {table}" for table, count in status.rows.items())
    print(f"rebuilt from {status.loaded_offset:,} events: {rows or 'no rows'}")
