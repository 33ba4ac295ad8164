-- The event log. Offsets are dense from 0; what is below meta's `archived_end` lives in Parquet.

-- One row is one group commit.
CREATE TABLE commits
(
    first_offset     INTEGER PRIMARY KEY,  -- of the first record; a record's is this plus its line
    record_count     INTEGER NOT NULL,
    receive_time_min INTEGER NOT NULL,     -- nanoseconds since 1970, our clock
    receive_time_max INTEGER NOT NULL,
    checksum         BLOB NOT NULL,        -- of this row and of the previous row's checksum
    payload          BLOB NOT NULL         -- zstd of one JSON line per record
) STRICT;

-- One row is one event_id of one tenant that was ever admitted. Rows are never deleted.
CREATE TABLE event_keys
(
    key         BLOB PRIMARY KEY,          -- hash of tenant and event_id
    "offset"    INTEGER NOT NULL,
    fingerprint BLOB NOT NULL              -- hash of the content
) STRICT, WITHOUT ROWID;

-- One row is one rejected event; the oldest rows make room for the newest.
CREATE TABLE rejections
(
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    bytes_ever INTEGER NOT NULL,           -- of all records up to and with this one, deleted or not
    record     BLOB NOT NULL               -- MessagePack of a Rejection
) STRICT;

-- One row counts what became of the events that arrived on one day (UTC) in one way.
CREATE TABLE outcomes
(
    day     INTEGER NOT NULL,              -- days since 1970; 0 gathers the days that were merged
    tenant  TEXT NOT NULL,
    outcome TEXT NOT NULL,                 -- admitted, duplicate, rejected
    reason  TEXT NOT NULL,                 -- of a rejection, else empty
    api     TEXT NOT NULL,
    client  TEXT NOT NULL,                 -- a short name and version
    count   INTEGER NOT NULL,
    PRIMARY KEY (day, tenant, outcome, reason, api, client)
) STRICT, WITHOUT ROWID;

-- One row is one Parquet file: some of the records from batch_first to batch_last.
CREATE TABLE archives
(
    path         TEXT PRIMARY KEY,         -- below the archive folder, segments percent-encoded
    tenant       TEXT NOT NULL,
    day          INTEGER NOT NULL,         -- of receive_time, days since 1970
    batch_first  INTEGER NOT NULL,         -- the files of one batch hold all of its offsets
    batch_last   INTEGER NOT NULL,
    first_offset INTEGER NOT NULL,
    last_offset  INTEGER NOT NULL,
    record_count INTEGER NOT NULL,
    sha256       BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX archives_by_batch ON archives (batch_first);

-- One row is a file that an archiver is about to write; what a dead one left is found here.
CREATE TABLE archiving (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- archived_end: offset at which `commits` begins; archived_checksum: of the last commit before it.
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('archived_end', 0), ('archived_checksum', zeroblob(16));
