-- One row is one type of event in one interval of the local clock under one UTC offset, with how
-- many events have their create_time in it; those without events have no row.
--
-- {since} says, in order, from when on which of {offset} is added to UTC; intervals are {length}
-- long and begin where local time plus {shift} is a multiple of it. All are microseconds since 1970.
-- {types} and {jobs} choose events, those that name a job; empty is all.
WITH
    toUnixTimestamp64Micro(create_time) AS at,
    roundDown(at, {since:Array(Int64)}) AS stretch,
    at + transform(stretch, {since:Array(Int64)}, {offset:Array(Int64)}, toInt64(0)) AS local_at
SELECT
    stretch,
    local_at - positiveModulo(local_at + {shift:Int64}, {length:Int64}) AS local_start,
    toInt8(type) AS type_number,
    count() AS events
FROM events
WHERE tenant = {tenant:String}
  AND at >= {start:Int64}
  AND at < {end:Int64}
  AND (empty({types:Array(Int8)}) OR has({types:Array(Int8)}, toInt8(type)))
  AND (empty({jobs:Array(String)}) OR hasAny(jobs, {jobs:Array(String)}))
GROUP BY stretch, local_start, type_number
LIMIT {rows_max:UInt64}
