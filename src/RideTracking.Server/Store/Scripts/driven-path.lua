-- Keeps what was driven on a trip, once, whichever nodes have made it.
-- KEYS: what was driven
-- ARGV: the path, expires after (ms)
-- Returns {'ok'} | {'known'}
if redis.call('EXISTS', KEYS[1]) == 1 then
  return {'known'}
end
write('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
apply()
return {'ok'}
