-- Deleted drivers of whom nothing is read in the log any more, unless they were deleted once more since.
-- KEYS: drivers that the log is to say nothing of
-- ARGV: pairs of a driver and the number of the batch up to which
-- Returns 'ok'
for at = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[at]) == ARGV[at + 1] then
    write('HDEL', KEYS[1], ARGV[at])
  end
end
apply()
return 'ok'
