-- One row is one job of one event whose place on a result list is known; 1 is the top.
SELECT
    `offset`,
    job,
    position,
    toString(position_source) AS source
FROM interactions
WHERE tenant = {tenant:String}
  AND `offset` IN {offsets:Array(UInt64)}
  AND position > 0
ORDER BY `offset` ASC, job_index ASC
