-- Before each script on the embedded store, whose file takes a single command whole or not at all, but no script: writes are
-- collected, and `apply` makes one command of them (Apply.cs). The file is run again after a restart, perhaps when what is
-- written has expired; `again` says so.
-- Keys come behind the arguments, since Garnet would lock those it is told of, and APPLY could not; then how many they are,
-- and the time (ms).
local size = #ARGV
local now, named = ARGV[size], tonumber(ARGV[size - 1])
local KEYS = {unpack(ARGV, size - 1 - named, size - 2)}
for at = size, size - 1 - named, -1 do
  ARGV[at] = nil
end
local again, writes, length = true, {}, 0
local function write(...)
  local parts = {...}
  writes[length + 1] = #parts
  for at, part in ipairs(parts) do
    writes[length + 1 + at] = part
  end
  length = length + 1 + #parts
end
local function apply()
  if length > 0 then
    -- The first is room for the number and the checksum that the entry gets.
    redis.call('APPLY', '............', now, unpack(writes, 1, length))
  end
end
-- The time (ms): what is written of it is written again as it was.
local function clock()
  return tonumber(now)
end
-- No other node is there to be told.
local function tell() end
local function publish() end
