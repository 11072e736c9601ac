-- Keeps who waits in a queue zone, unless another node has kept something else meanwhile.
-- KEYS: queues
-- ARGV: zone, what was kept before as far as is known ('' for nothing), what is to be kept ('' for nothing)
-- Returns {'ok', number of the change in the feed (0: there is no feed)} | {'changed', what is kept now ('' for nothing)}
local kept = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if kept ~= ARGV[2] then
  return {'changed', kept}
end
if ARGV[3] == '' then
  write('HDEL', KEYS[1], ARGV[1])
else
  write('HSET', KEYS[1], ARGV[1], ARGV[3])
end
local number = tell({{'queue', ARGV[1], ARGV[3]}})
apply()
return {'ok', number or '0'}
