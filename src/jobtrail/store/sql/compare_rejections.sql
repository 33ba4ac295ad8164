-- One row is one rejection that {folded:Identifier}, what the quarantine holds, has and the table
-- `rejected_events` has not, or has in another way or more than once.
SELECT
    rejection_id,
    any(event_id) AS event_id,
    countIf(is_stored) AS rows_stored,
    countIf(NOT is_stored) AS rows_folded
FROM
(
    SELECT rejection_id, event_id, true AS is_stored, cityHash64(*) AS hash
    FROM rejected_events
    WHERE rejection_id IN (SELECT rejection_id FROM {folded:Identifier})
    UNION ALL
    SELECT rejection_id, event_id, false AS is_stored, cityHash64(*) AS hash
    FROM {folded:Identifier}
)
GROUP BY rejection_id
HAVING rows_stored != rows_folded OR sumIf(hash, is_stored) != sumIf(hash, NOT is_stored)
ORDER BY rejection_id
LIMIT {limit:UInt32}
