-- One row is one admitted event: a line of the log, folded.
-- {source:Identifier} is a table like `incoming`.
SELECT
    `offset`,
    event.tenant AS tenant,
    event.event_id AS event_id,
    event.request_id AS request_id,
    event.type AS type,
    event.jobs AS jobs,
    -- 1900-01-01 to 2299-12-31 is what DateTime64 holds; the log keeps the time as sent.
    fromUnixTimestamp64Micro(
        least(greatest(event.create_seconds, -2208988800), 10413791999) * 1000000
            + intDiv(event.create_nanos, 1000),
        'UTC') AS create_time,
    event.create_seconds AS create_seconds,
    event.create_nanos AS create_nanos,
    fromUnixTimestamp64Micro(intDiv(event.receive_time, 1000), 'UTC') AS receive_time,
    event.event_notes AS event_notes,
    event.checks AS checks,
    event.api AS api,
    event.client AS client,
    cityHash64(line) AS content_hash
FROM {source:Identifier}
