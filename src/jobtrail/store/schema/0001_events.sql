-- Tables of the store. Every row is a fold of the event log and can be deleted and built again.
-- The loader writes one block of log records into `incoming`, which keeps nothing; two views turn it
-- into `events` and `interactions`. A load that died half-way is undone by deleting all rows at or
-- past the checkpoint, so nothing here needs to be atomic over two tables.

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
    receive_time   DateTime64(6, 'UTC'),   -- our clock
    event_notes    String,
    checks         Array(LowCardinality(String)),
    api            LowCardinality(String),
    client         LowCardinality(String),
    content_hash   UInt64                  -- of the log's line, for `jobtrail verify`
)
ENGINE = MergeTree
ORDER BY (tenant, `offset`);

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
    position_source Enum8('none' = 0, 'search' = 1, 'event' = 2, 'order' = 3, 'notes' = 4)
)
ENGINE = MergeTree
ORDER BY (tenant, `offset`, job_index);

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
ORDER BY (tenant, rejection_id);
