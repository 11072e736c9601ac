-- Makes a link to a trip, or gives the link that a repeated request made a new secret.
-- KEYS: the link, the trip's links
-- ARGV: link id, record, how many links a trip may have, expires after (ms)
-- Returns 'ok' | 'revoked' | 'full'
local known = redis.call('GET', KEYS[1])
if known and string.sub(known, -2) == ' -' then
  return 'revoked'
end
if not known and redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[3]) then
  return 'full'
end
write('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
write('HSET', KEYS[2], ARGV[1], '')
write('PEXPIRE', KEYS[2], ARGV[4])
tell({{'link', ARGV[1], ARGV[2]}})
apply()
return 'ok'
