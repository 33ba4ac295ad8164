-- One row is one rejected event that the quarantine still holds, newest first. An empty tenant asks
-- for those of all tenants, also those whose tenant could not be read.
SELECT
    rejection_id,
    tenant,
    reason,
    field,
    message,
    toUnixTimestamp64Micro(receive_time) AS receive_micros,
    event_id,
    api,
    client,
    hex(payload) AS payload_hex
FROM rejected_events
WHERE ({tenant:String} = '' OR tenant = {tenant:String})
  AND ({reason:String} = '' OR reason = {reason:String})
  AND rejection_id < {before:UInt64}
ORDER BY rejection_id DESC
LIMIT {limit:UInt32}
