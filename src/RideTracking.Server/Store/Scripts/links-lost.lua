-- Drivers whose streams have ended, as long as nobody has claimed them since.
-- KEYS: links of this writer
-- ARGV: writer, then pairs of a driver and the epoch of the stream's claim
-- Returns {'ok', how many were lost}
local changes, gone = {}, {}
for at = 2, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[at]) == ARGV[at + 1] then
    table.insert(gone, ARGV[at])
    table.insert(changes, {'lost', ARGV[at], ARGV[at + 1], ARGV[1]})
  end
end
if #gone > 0 then
  write('HDEL', KEYS[1], unpack(gone))
end
tell(changes)
apply()
return {'ok', #gone}
