-- Corrects the area's time, for all nodes, unless another node has done so.
-- KEYS: what the time is corrected by
-- ARGV: the correction as it was found (ms), the correction that is to be (ms)
-- Returns {'ok'} | {'changed'}
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then
  return {'changed'}
end
write('SET', KEYS[1], ARGV[2])
apply()
return {'ok'}
