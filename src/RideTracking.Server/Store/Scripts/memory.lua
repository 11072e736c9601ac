-- How much memory the server uses that has the area's keys, and how much it may. It writes nothing, and so needs no prologue.
-- KEYS: one of the area's
-- Returns {bytes used, bytes allowed (0: no limit)}; nothing where it may not be asked for
local info = redis.pcall('INFO', 'memory')
if type(info) ~= 'string' then
  return {}
end
return {string.match(info, '\r\nused_memory:(%d+)') or '0', string.match(info, '\r\nmaxmemory:(%d+)') or '0'}
