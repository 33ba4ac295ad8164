-- Tables of the store. Every row is a fold of the event log and can be deleted and built again.
-- A load puts lines of the log into `incoming` and folds them from there into `events` and
-- `interactions` (sql/fold_*.sql). A load that died half-way is undone by deleting all rows at or
-- past the checkpoint, so nothing here needs to be atomic over two tables.
--
-- fsync: a checkpoint says "all before is in the tables", so rows must be on disk before it is
-- written, and a merge must be before its sources are deleted.

-- One row is one line of the log on its way into the tables; kept in memory, for one load.
CREATE TABLE IF NOT EXISTS incoming
(
    `offset`       UInt64,
    line           String,
    event          Tuple(tenant String, event_id String, request_id String, type Int8,
                         jobs Array(String), create_seconds Int64, create_nanos Int64,
                         receive_time Int64, event_notes String, checks Array(String),
                         api String, client String)
                   MATERIALIZED JSONExtract(line,
                        'Tuple(tenant String, event_id String, request_id String, type Int8,
                               jobs Array(String), create_seconds Int64, create_nanos Int64,
                               receive_time Int64, event_notes String, checks Array(String),
                               api String, client String)')
)
ENGINE = Memory;

-- One row is one admitted event, in the order of the log.
CREATE TABLE IF NOT EXISTS events
(
    `offset`       UInt64,
    tenant         LowCardinality(String),
    event_id       String,
    request_id     String,
    type           Enum8('IMPRESSION' = 1, 'VIEW' = 2, 'VIEW_REDIRECT' = 3, 'APPLICATION_START' = 4,
                         'APPLICATION_FINISH' = 5, 'APPLICATION_QUICK_SUBMISSION' = 6,
                         'APPLICATION_REDIRECT' = 7, 'APPLICATION_START_FROM_SEARCH' = 8,
                         'APPLICATION_REDIRECT_FROM_SEARCH' = 9, 'APPLICATION_COMPANY_SUBMIT' = 10,
                         'BOOKMARK' = 11, 'NOTIFICATION' = 12, 'HIRED' = 13, 'SENT_CV' = 14,
                         'INTERVIEW_GRANTED' = 15),
    jobs           Array(String),
    create_time    DateTime64(6, 'UTC'),   -- the client's clock, held inside 1900 to 2299
    create_seconds Int64 CODEC(Delta, ZSTD), -- the same exactly as sent, for answers
    create_nanos   UInt32,
    receive_time   DateTime64(6, 'UTC'),   -- our clock
    event_notes    String,
    checks         Array(LowCardinality(String)),
    api            LowCardinality(String),
    client         LowCardinality(String),
    content_hash   UInt64,                 -- of the log's line, for `jobtrail verify`
    -- A trail is found by its request_id among millions of rows; ids that are near in time are near
    -- in the table, so nearly all granules are passed over.
    INDEX request_ids request_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (tenant, `offset`)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         old_parts_lifetime = 20;

-- One row is one (event, job) pair.
CREATE TABLE IF NOT EXISTS interactions
(
    `offset`        UInt64,
    job_index       UInt16,                -- 0 for the first job of the event
    tenant          LowCardinality(String),
    event_id        String,
    request_id      String,
    seeker          String,                -- the request_id, or `event:` and the event_id when there is none
    job             String,
    type            LowCardinality(String),
    stage           Enum8('none' = 0, 'impression' = 1, 'view' = 2, 'application_start' = 3,
                          'application_finish' = 4, 'interview' = 5, 'hire' = 6),
    surface         Enum8('search' = 1, 'alert' = 2),   -- NOTIFICATION is an impression on `alert`
    create_time     DateTime64(6, 'UTC'),
    receive_time    DateTime64(6, 'UTC'),
    position        UInt32,                -- 1 is the top; 0 is not known
    position_source Enum8('none' = 0, 'search' = 1, 'event' = 2, 'order' = 3, 'notes' = 4),
    INDEX seekers seeker TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
ORDER BY (tenant, `offset`, job_index)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         old_parts_lifetime = 20;

-- One row is one rejected event that the quarantine still holds.
CREATE TABLE IF NOT EXISTS rejected_events
(
    rejection_id   UInt64,
    tenant         LowCardinality(String), -- empty when the parent could not be read
    reason         LowCardinality(String),
    field          String,
    message        String,
    receive_time   DateTime64(6, 'UTC'),
    event_id       String,
    api            LowCardinality(String),
    client         LowCardinality(String),
    payload        String                  -- as received, cut at quarantine_payload_bytes_max
)
ENGINE = MergeTree
ORDER BY (tenant, rejection_id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1,
         min_rows_to_fsync_after_merge = 1, min_compressed_bytes_to_fsync_after_merge = 1,
         old_parts_lifetime = 20;
