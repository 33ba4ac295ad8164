-- One row is one surface and set of stages, with how many pairs had events of exactly these stages
-- in [{start}, {end}), microseconds since 1970, whenever the pair began.
--
-- A pair is a (seeker, job). {types} and {jobs} choose events before anything else; empty is all.
-- Seekers are dealt to {slices} slices, of which this is one; pairs of all slices add up.
-- Only the surface on which a pair began is told from events outside of the period too. Numbers for
-- events and hashes for pairs are as in funnel_cohort.sql.
WITH
    pairs AS
    (
        SELECT arraySort(groupArray(
            toUnixTimestamp64Micro(create_time) * 32
                + toInt8(stage) * 4
                + (surface = 'search') * 2
                + (empty({types:Array(String)}) OR has({types:Array(String)}, type)))) AS touches
        FROM interactions
        WHERE tenant = {tenant:String}
          AND `offset` < {end_offset:UInt64}
          AND cityHash64(seeker) % {slices:UInt32} = {slice:UInt32}
          AND stage != 'none'
          AND (empty({jobs:Array(String)}) OR has({jobs:Array(String)}, job))
        GROUP BY sipHash64(seeker, job), cityHash64(seeker, job)
    ),
    periods AS
    (
        SELECT
            -- An alert began it, and no search showed the job.
            bitAnd(touches[1], 2) = 0 AND NOT arrayExists(touch -> bitAnd(touch, 30) = 6, touches)
                AS is_alert,
            arrayFilter(
                touch -> bitAnd(touch, 1) = 1
                    AND (is_alert OR bitAnd(touch, 2) = 2)
                    AND intDiv(touch - bitAnd(touch, 31), 32) >= {start:Int64}
                    AND intDiv(touch - bitAnd(touch, 31), 32) < {end:Int64},
                touches) AS chosen,
            arraySort(arrayDistinct(arrayMap(touch -> toInt8(intDiv(bitAnd(touch, 31), 4)), chosen)))
                AS stages_seen
        FROM pairs
        WHERE notEmpty(chosen)
    )
SELECT
    if(is_alert, 'alert', 'search') AS surface,
    stages_seen AS stages,
    count() AS pairs,
    0 AS pairs_cut_off
FROM periods
GROUP BY surface, stages
ORDER BY surface, stages
