-- What a server of the store says of itself. It writes nothing, touches no key, and so needs no prologue. That it runs at all says that
-- scripts run.
-- Returns the sections; nothing where it may not be asked for
local told = {}
for _, section in ipairs({'server', 'memory', 'persistence', 'replication'}) do
  local info = redis.pcall('INFO', section)
  if type(info) ~= 'string' then
    return false
  end
  table.insert(told, info)
end
return table.concat(told)
