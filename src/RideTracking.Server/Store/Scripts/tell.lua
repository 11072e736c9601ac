-- Tells the other nodes what is kept nowhere but in the feed.
-- ARGV: kind, then its parts
-- Returns 'ok'
tell({ARGV})
apply()
return 'ok'
