"""``jobtrail verify``: is everything that was acknowledged there, and is it counted once?"""

from __future__ import annotations

import typer

from jobtrail.cli.connection import read_settings
from jobtrail.cli.exits import Exit
from jobtrail.cli.options import Data, Json


def verify(data: Data = None, as_json: Json = False) -> None:
    """Check the whole log, its archive, and that the store agrees with it, id by id.

    Changes nothing. Ends with 1 when something recorded is lost or counted wrongly, and says where.
    No server may hold the folder meanwhile.
    """
    from jobtrail.cli.folder import hold_folder
    from jobtrail.cli.progress import show_progress
    from jobtrail.store.verify import verify as verify_all

    settings = read_settings(data)
    with hold_folder(settings) as folder, show_progress(is_quiet=as_json) as progress:
        found = verify_all(folder, settings, progress=progress)
    if as_json:
        import msgspec

        answer = msgspec.to_builtins(found) | {"is_sound": found.is_sound}
        print(msgspec.json.encode(answer).decode())
    else:
        for finding in found.findings:
            print(f"{finding.severity}: {finding.where}: {finding.what}")
        log = found.log
        print(
            f"looked at {log.events:,} events in {log.commits:,} commits and {log.archive_files:,}"
            f" archived files, {log.keys:,} ids, {log.rejections:,} rejected events,"
            f" {log.pages:,} pages; compared {found.compared_events:,} events with the store"
        )
        if found.is_sound:
            print("sound: all that was recorded is there and is counted once")
    if not found.is_sound:
        raise typer.Exit(Exit.FOUND)
