-- One row is one surface and set of stages, with how many pairs reached exactly these stages.
--
-- A pair is a (seeker, job). {types} and {jobs} choose events before anything else; empty is all.
-- A pair belongs to the cohort when its first event lies in [{start}, {end}), microseconds since
-- 1970. It reached a stage when an event of that stage is in time:
--   * one that no event of an earlier group (impression | view | application | outcome) precedes;
--   * one that follows an event in time of an earlier group within the windows between the two
--     groups, added up: {click}, {application}, {outcome}, microseconds;
--   * where no earlier group can be measured from, a finish is measured from the start before it,
--     a hire from the interview before it.
-- The same microsecond counts as before, and the end of a window is inside.
--
-- A pair is handled as arrays in order of time, so all work is linear in events; window functions
-- took four times as long. arrayFill(..) carries on the last time that its condition chose; each
-- array begins with `never`, which is farther from any event than windows can reach.
WITH
    toInt64(-4000000000000000000) AS never,
    pairs AS
    (
        SELECT
            -- An alert began it: the job was never shown in a search, and nothing came earlier.
            if(countIf(surface = 'alert') > 0
                   AND countIf(surface = 'search' AND stage = 'impression') = 0
                   AND (countIf(surface = 'search') = 0
                        OR minIf(create_time, surface = 'alert')
                            <= minIf(create_time, surface = 'search')),
               'alert', 'search') AS surface_begun,
            arraySort(groupArrayIf(
                (toUnixTimestamp64Micro(create_time), toInt8(stage), surface = 'alert'),
                empty({types:Array(String)}) OR has({types:Array(String)}, type))) AS chosen
        FROM interactions
        WHERE tenant = {tenant:String}
          AND stage != 'none'
          AND (empty({jobs:Array(String)}) OR has({jobs:Array(String)}, job))
        GROUP BY seeker, job
    ),
    histories AS
    (
        SELECT
            surface_begun,
            arrayFilter(touch -> surface_begun = 'alert' OR NOT touch.3, chosen) AS touches,
            arrayPushFront(touches.1, never) AS times,
            arrayPushFront(touches.2, toInt8(0)) AS stages
        FROM pairs
        WHERE notEmpty(touches) AND touches[1].1 >= {start:Int64} AND touches[1].1 < {end:Int64}
    ),
    reached AS
    (
        SELECT
            surface_begun,
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
    surface_begun AS surface,
    stages_reached AS stages,
    count() AS pairs,
    countIf(is_cut_off) AS pairs_cut_off     -- got further, but too late
FROM reached
GROUP BY surface, stages
ORDER BY surface, stages
