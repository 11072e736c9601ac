-- Keeps who waits in a queue zone, unless another node has kept something else meanwhile.
-- KEYS: queues
-- ARGV: zone, what was kept before as far as is known ('' for nothing, '*' for whatever it is), what is to be kept ('' for nothing)
-- Returns {'ok'} | {'changed', what is kept now ('' for nothing)}
local kept = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if ARGV[2] ~= '*' and kept ~= ARGV[2] then
  return {'changed', kept}
end
if ARGV[3] == '' then
  write('HDEL', KEYS[1], ARGV[1])
else
  write('HSET', KEYS[1], ARGV[1], ARGV[3])
end
tell({{'queue', ARGV[1], ARGV[3]}})
apply()
return {'ok'}
