-- One row is one surface and set of stages, with how many pairs had events of exactly these stages
-- in [{start}, {end}), microseconds since 1970, whenever the pair began.
--
-- A pair is a (seeker, job). {types} and {jobs} choose events before anything else; empty is all.
-- Only the surface on which a pair began is told from events outside of the period too.
SELECT
    surface_begun AS surface,
    arraySort(arrayDistinct(
        arrayFilter(touch -> surface_begun = 'alert' OR NOT touch.2, chosen).1)) AS stages,
    count() AS pairs,
    0 AS pairs_cut_off
FROM
(
    SELECT
        -- An alert began it: the job was never shown in a search, and nothing came earlier.
        if(countIf(interactions.surface = 'alert') > 0
               AND countIf(interactions.surface = 'search' AND stage = 'impression') = 0
               AND (countIf(interactions.surface = 'search') = 0
                    OR minIf(create_time, interactions.surface = 'alert')
                        <= minIf(create_time, interactions.surface = 'search')),
           'alert', 'search') AS surface_begun,
        groupUniqArrayIf(
            (toInt8(stage), interactions.surface = 'alert'),
            (empty({types:Array(String)}) OR has({types:Array(String)}, type))
                AND toUnixTimestamp64Micro(create_time) >= {start:Int64}
                AND toUnixTimestamp64Micro(create_time) < {end:Int64}) AS chosen
    FROM interactions
    WHERE tenant = {tenant:String}
      AND stage != 'none'
      AND (empty({jobs:Array(String)}) OR has({jobs:Array(String)}, job))
    GROUP BY seeker, job
)
GROUP BY surface, stages
HAVING notEmpty(stages)
ORDER BY surface, stages
