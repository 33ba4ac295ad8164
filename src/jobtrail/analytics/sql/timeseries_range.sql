-- One row is all events that a time series would count: how many, and the first and the last
-- create_time, microseconds since 1970. Parameters as in timeseries.sql.
SELECT
    count() AS events,
    toUnixTimestamp64Micro(min(create_time)) AS first,
    toUnixTimestamp64Micro(max(create_time)) AS last
FROM events
WHERE tenant = {tenant:String}
  AND toUnixTimestamp64Micro(create_time) >= {start:Int64}
  AND toUnixTimestamp64Micro(create_time) < {end:Int64}
  AND (empty({types:Array(Int8)}) OR has({types:Array(Int8)}, toInt8(type)))
  AND (empty({jobs:Array(String)}) OR hasAny(jobs, {jobs:Array(String)}))
