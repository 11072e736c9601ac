-- Segments of the log that a checkpoint covers: from now on they expire, none later than it was said before.
-- KEYS: segments
-- ARGV: after how long (ms)
-- Returns 'ok'
for _, segment in ipairs(KEYS) do
  local left = redis.call('PTTL', segment)
  if left == -1 or left > tonumber(ARGV[1]) then
    write('PEXPIRE', segment, ARGV[1])
  end
end
apply()
return 'ok'
