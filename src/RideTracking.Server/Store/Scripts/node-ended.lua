-- Ends a node's lease: its drivers are connected to nobody. Ended once, whoever finds it.
-- KEYS: nodes, links of its writer
-- ARGV: writer, end of its lease as it was found ('' for whatever it is: the node itself stops)
-- Returns 'ok' | 'held': it was held longer meanwhile, or has ended already
local ends = redis.call('HGET', KEYS[1], ARGV[1])
if not ends or (ARGV[2] ~= '' and ends ~= ARGV[2]) then
  return 'held'
end
local gone = {ARGV[1], '#form ' .. ARGV[1], '#settings ' .. ARGV[1]}
for _, role in ipairs({'#work', '#matching'}) do
  if redis.call('HGET', KEYS[1], role) == ARGV[1] then
    table.insert(gone, role)
  end
end
write('HDEL', KEYS[1], unpack(gone))
write('DEL', KEYS[2])
tell({{'ended', ARGV[1]}})
apply()
return 'ok'
