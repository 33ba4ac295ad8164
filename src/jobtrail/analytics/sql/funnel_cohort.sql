-- One row is one surface and set of stages, with how many pairs reached exactly these stages.
--
-- A pair is a (seeker, job). {types} and {jobs} choose events before anything else; empty is all.
-- Seekers are dealt to {slices} slices, of which this is one; pairs of all slices add up.
-- A pair belongs to the cohort when its first event lies in [{start}, {end}), microseconds since
-- 1970. It reached a stage when an event of that stage is in time:
--   * one that no event of an earlier group (impression | view | application | outcome) precedes;
--   * one that follows an event in time of an earlier group within the windows between the two
--     groups, added up: {click}, {application}, {outcome}, microseconds;
--   * where no earlier group can be measured from, a finish is measured from the start before it,
--     a hire from the interview before it.
-- The same microsecond counts as before, and the end of a window is inside.
--
-- A pair is handled as an array in order of time, so all work is linear in events; window functions
-- took three times as much work. One number holds one event: time * 32 + stage * 4 + 2 on the surface
-- search + 1 if chosen. Pairs are told apart by 128 bits of two hashes: among 10^9 pairs the odds
-- that any two are taken for one are below 10^-20, and memory is 150 bytes a pair, not 400.
--
-- arrayFill(..) carries on the last time that its condition chose; times begin with `never`, which
-- is farther from any event than windows can reach.
WITH
    toInt64(-4000000000000000000) AS never,
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
    histories AS
    (
        SELECT
            -- An alert began it, and no search showed the job.
            bitAnd(touches[1], 2) = 0 AND NOT arrayExists(touch -> bitAnd(touch, 30) = 6, touches)
                AS is_alert,
            arrayFilter(touch -> bitAnd(touch, 1) = 1 AND (is_alert OR bitAnd(touch, 2) = 2), touches)
                AS chosen,
            arrayPushFront(arrayMap(touch -> intDiv(touch - bitAnd(touch, 31), 32), chosen), never)
                AS times,
            arrayPushFront(arrayMap(touch -> toInt8(intDiv(bitAnd(touch, 31), 4)), chosen), toInt8(0))
                AS stages
        FROM pairs
        WHERE notEmpty(chosen) AND times[2] >= {start:Int64} AND times[2] < {end:Int64}
    ),
    reached AS
    (
        SELECT
            is_alert,
            arrayFill((at, stage) -> stage = 1, times, stages) AS shown,

            arrayMap((at, stage, show) -> stage = 2 AND (show = never OR at - show <= {click:Int64}),
                times, stages, shown) AS is_view,
            arrayFill((at, is_it) -> is_it, times, is_view) AS viewed,

            arrayFill((at, stage) -> stage = 3, times, stages) AS started,
            arrayMap((at, stage, show, view, begin) -> stage IN (3, 4) AND (
                    at - view <= {application:Int64}
                    OR at - show <= {click:Int64} + {application:Int64}
                    OR (greatest(view, show) = never
                        AND (begin = never OR at - begin <= {application:Int64}))),
                times, stages, shown, viewed, started) AS is_application,
            arrayFill((at, is_it) -> is_it, times, is_application) AS applied,

            arrayFill((at, stage) -> stage = 5, times, stages) AS met,
            arrayMap((at, stage, show, view, apply, meet) -> stage IN (5, 6) AND (
                    at - apply <= {outcome:Int64}
                    OR at - view <= {application:Int64} + {outcome:Int64}
                    OR at - show <= {click:Int64} + {application:Int64} + {outcome:Int64}
                    OR (greatest(apply, view, show) = never
                        AND (meet = never OR at - meet <= {outcome:Int64}))),
                times, stages, shown, viewed, applied, met) AS is_outcome,

            arraySort(arrayDistinct(arrayFilter(
                (stage, a, b, c) -> stage = 1 OR a OR b OR c,
                stages, is_view, is_application, is_outcome))) AS stages_reached,
            arrayMax(stages) > stages_reached[-1] AS is_cut_off
        FROM histories
    )
SELECT
    if(is_alert, 'alert', 'search') AS surface,
    stages_reached AS stages,
    count() AS pairs,
    countIf(is_cut_off) AS pairs_cut_off     -- got further, but too late
FROM reached
GROUP BY surface, stages
ORDER BY surface, stages
