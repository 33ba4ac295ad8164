-- One row is one admitted event of a tenant under one request_id, as it happened: by the client's
-- clock, and in the order of the log where that is equal.
SELECT
    `offset`,
    event_id,
    request_id,
    toString(type) AS type,
    jobs,
    create_seconds,
    create_nanos,
    toUnixTimestamp64Micro(receive_time) AS receive_micros,
    event_notes,
    checks,
    api,
    client
FROM events
WHERE tenant = {tenant:String}
  AND request_id = {request_id:String}
  AND `offset` < {before:UInt64}
ORDER BY create_seconds ASC, create_nanos ASC, `offset` ASC
LIMIT {limit:UInt32} OFFSET {skip:UInt64}
