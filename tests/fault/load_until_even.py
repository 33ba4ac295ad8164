"""A process that loads a log into its store and says how it ended; tests kill it on the way.

``python load_until_even.py DATA LOAD_EVENTS_MAX`` prints one JSON line when all is loaded: rows and
hashes of the tables and the places where store and log differ.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jobtrail.datafolder import DataFolder
from jobtrail.eventlog.reader import LogReader
from jobtrail.settings import Settings
from jobtrail.store.compare import compare
from jobtrail.store.loader import Loader
from jobtrail.store.store import Store

TABLES = ("events", "interactions", "rejected_events")


def main(data: str, load_events_max: str) -> None:
    folder = DataFolder(Path(data))
    settings = Settings(load_events_max=int(load_events_max))
    store = Store.open(folder.store, settings)
    reader = LogReader(folder.eventlog)
    loader = Loader(store, reader, settings)
    while loader.step():
        # That would hide a record that a killed load has left twice.
        assert loader.status().times_begun_anew == 0
    found = compare(store, reader, store.read_checkpoint(), lambda _done, _all: None)
    hashes = {
        table: list(store.query(f"SELECT count(), sum(cityHash64(*)) FROM {table}")[0].values())
        for table in TABLES
    }
    result = {"tables": hashes, "differences": [str(difference) for difference in found]}
    sys.stdout.write(json.dumps(result))
    store.close()
    reader.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
