-- One row is all interactions of a tenant: how many there are, and the offset after the last one.
SELECT count() AS interactions, max(`offset`) + 1 AS end_offset
FROM interactions
WHERE tenant = {tenant:String}
