-- One row is one offset in [{first}, {end}) where {stored:Identifier} and {folded:Identifier}, the
-- rows that the log should give there, are not the same. All columns count, the order of rows does
-- not; a hash of each row is summed up, so a row that is there twice shows as well.
SELECT
    `offset`,
    any(event_id) AS event_id,
    countIf(is_stored) AS rows_stored,
    countIf(NOT is_stored) AS rows_folded
FROM
(
    SELECT `offset`, event_id, true AS is_stored, cityHash64(*) AS hash
    FROM {stored:Identifier}
    WHERE `offset` >= {first:UInt64} AND `offset` < {end:UInt64}
    UNION ALL
    SELECT `offset`, event_id, false AS is_stored, cityHash64(*) AS hash
    FROM {folded:Identifier}
    WHERE `offset` >= {first:UInt64} AND `offset` < {end:UInt64}
)
GROUP BY `offset`
HAVING rows_stored != rows_folded OR sumIf(hash, is_stored) != sumIf(hash, NOT is_stored)
ORDER BY `offset`
LIMIT {limit:UInt32}
