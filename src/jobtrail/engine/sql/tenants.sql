-- One row is one tenant that has events, by name.
SELECT
    tenant,
    count() AS events,
    toUnixTimestamp64Micro(max(receive_time)) AS last_receive_micros
FROM events
WHERE `offset` < {before:UInt64}
  AND tenant > {after:String}
  AND ({only:String} = '' OR tenant = {only:String})
GROUP BY tenant
ORDER BY tenant
LIMIT {limit:UInt32}
