-- Tells whom somebody follows live on this node. Nothing of it is kept: it holds for a while, and is told again.
-- ARGV: until when it holds (ms), the drivers
-- Returns {'ok'}
local changes = {}
for at = 2, #ARGV do
  table.insert(changes, {'followed', ARGV[at], ARGV[1]})
end
tell(changes)
apply()
return {'ok'}
