-- One row is one (event, job) pair: a line of the log, folded once for each job it names.
-- {source:Identifier} is a table like `incoming`; the arrays give each type its name and stage.
WITH
    -- "position N" in the notes says where one job stood; with several jobs it is not clear which.
    if(length(event.jobs) = 1,
       toUInt32OrZero(extract(event.event_notes, '(?i)\\bposition\\W{0,3}(\\d{1,9})\\b')),
       0) AS noted,
    event.type = 1 AND noted = 0 AS is_ordered   -- only an IMPRESSION names its jobs in shown order
SELECT
    `offset`,
    job_number - 1 AS job_index,
    event.tenant AS tenant,
    event.event_id AS event_id,
    event.request_id AS request_id,
    if(event.request_id = '', concat('event:', event.event_id), event.request_id) AS seeker,
    job,
    transform(event.type, {types:Array(Int8)}, {names:Array(String)}, '') AS type,
    transform(event.type, {types:Array(Int8)}, {stages:Array(String)}, 'none') AS stage,
    if(event.type = 12, 'alert', 'search') AS surface,  -- a NOTIFICATION is seen in an alert
    fromUnixTimestamp64Micro(
        least(greatest(event.create_seconds, -2208988800), 10413791999) * 1000000
            + intDiv(event.create_nanos, 1000),
        'UTC') AS create_time,
    fromUnixTimestamp64Micro(intDiv(event.receive_time, 1000), 'UTC') AS receive_time,
    multiIf(noted > 0, noted, is_ordered, job_number, 0) AS position,
    multiIf(noted > 0, 'notes', is_ordered, 'order', 'none') AS position_source
FROM {source:Identifier}
ARRAY JOIN event.jobs AS job, arrayEnumerate(event.jobs) AS job_number
