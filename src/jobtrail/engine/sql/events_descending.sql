-- One row is one admitted event of a tenant, newest of the log first. The bounds keep out events
-- that a load has written in part: only what lies before the checkpoint is complete.
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
  AND `offset` >= {from:UInt64}
  AND `offset` < {before:UInt64}
  AND ({request_id:String} = '' OR request_id = {request_id:String})
  AND ({type:String} = '' OR type = {type:String})
  AND (empty({jobs:Array(String)}) OR hasAny(jobs, {jobs:Array(String)}))
ORDER BY `offset` DESC
LIMIT {limit:UInt32}
