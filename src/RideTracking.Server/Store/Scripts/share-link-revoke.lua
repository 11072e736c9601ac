-- Ends a link to a trip for good: it stays as one that is revoked, and makes room for another.
-- KEYS: the link, the trip's links
-- ARGV: link id, record of a revoked link, expires after (ms)
-- Returns 'ok'
write('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
write('HDEL', KEYS[2], ARGV[1])
write('PEXPIRE', KEYS[2], ARGV[3])
tell({{'link', ARGV[1], ARGV[2]}})
apply()
return 'ok'
