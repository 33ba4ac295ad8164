-- One row is one thing that is odd about one event, by all that has arrived until now.
-- Chosen are those of {tenant:String} at {offsets}; when that is empty, all with create_time in
-- [{start}, {end}). What they are compared with is not bounded.
--
-- No answer depends on the order of arrival: equal times are told apart by event_id.
WITH
    empty({offsets:Array(UInt64)}) AS takes_all,
    -- What the seeker did before, at or after, for each job of a chosen event that may be odd.
    compared AS
    (
        SELECT `offset`, seeker, job, type, create_time
        FROM interactions
        WHERE tenant = {tenant:String}
          AND if(takes_all,
                 create_time >= {start:DateTime64(6, 'UTC')} AND create_time < {end:DateTime64(6, 'UTC')},
                 `offset` IN {offsets:Array(UInt64)})
          AND type IN ('APPLICATION_FINISH', 'APPLICATION_QUICK_SUBMISSION', 'HIRED')
    ),
    applications AS
    (
        SELECT
            seeker,
            job,
            count() AS sent,
            countIf(stage = 'application_start') AS starts,
            minIf(create_time, stage = 'application_start') AS first_start,
            countIf(type = 'APPLICATION_FINISH') AS finishes
        FROM interactions
        WHERE tenant = {tenant:String}
          AND seeker IN (SELECT seeker FROM compared)
          AND (stage IN ('application_start', 'application_finish')
               OR type IN ('APPLICATION_COMPANY_SUBMIT', 'SENT_CV'))
        GROUP BY seeker, job
    ),
    shown AS
    (
        SELECT `offset`, request_id, create_time, event_id
        FROM events
        WHERE tenant = {tenant:String}
          AND if(takes_all,
                 create_time >= {start:DateTime64(6, 'UTC')} AND create_time < {end:DateTime64(6, 'UTC')},
                 `offset` IN {offsets:Array(UInt64)})
          AND type = 'IMPRESSION'
          AND request_id != ''
    ),
    repeated AS
    (
        SELECT request_id, min((create_time, event_id)) AS first
        FROM events
        WHERE tenant = {tenant:String}
          AND type = 'IMPRESSION'
          AND request_id != ''
          AND (takes_all OR request_id IN (SELECT request_id FROM shown))
        GROUP BY request_id
        HAVING count() > 1
    )
SELECT `offset`, arrayJoin(checks) AS check
FROM events
WHERE tenant = {tenant:String}
  AND if(takes_all,
         create_time >= {start:DateTime64(6, 'UTC')} AND create_time < {end:DateTime64(6, 'UTC')},
         `offset` IN {offsets:Array(UInt64)})
UNION ALL
SELECT `offset`, 'impression_repeated' AS check
FROM shown
INNER JOIN repeated USING (request_id)
WHERE (create_time, event_id) > first
UNION ALL
SELECT DISTINCT
    `offset`,
    arrayJoin(arrayFilter(name -> name != '', [
        multiIf(type != 'APPLICATION_FINISH', '',
                starts = 0, 'finish_without_start',
                first_start > create_time, 'finish_before_start', ''),
        if(type = 'HIRED' AND sent = 0, 'hire_without_application', ''),
        if(type = 'APPLICATION_QUICK_SUBMISSION' AND starts + finishes > 0, 'quick_with_start', '')
    ])) AS check
FROM compared
LEFT JOIN applications USING (seeker, job)
