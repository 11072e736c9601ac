-- Before each script on Redis, which takes a script whole or not at all: what is written is written at once.
local again, write = false, redis.call
local function apply() end
