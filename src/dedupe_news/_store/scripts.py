"""
What runs inside the server of a shared index, each script all at once or not at all.

A script is told how far its caller has read the log. It refuses to go on where the
server's log is another one, or shorter, or holds another event there, so that no
loss of the server passes unnoticed.
"""

from __future__ import annotations

# KEYS: meta, events, lock, token. ARGV[1..3]: incarnation, position, checksum of the event before.
_BEGIN = """
local function now() local t = redis.call('TIME'); return t[1] * 1000000 + t[2] end
local m = redis.call('HMGET', KEYS[1], 'incarnation', 'end', 'base')
if not m[1] then return {'gone', string.format('%.0f', now())} end
if m[1] ~= ARGV[1] then return {'other', string.format('%.0f', now())} end
local stop, base, at = tonumber(m[2]), tonumber(m[3]), tonumber(ARGV[2])
local function id(position) return string.format('%.0f-0', position + 1) end
local function answer(status, found)
  return {status, string.format('%.0f', now()), redis.call('PTTL', KEYS[1]), stop, base, found}
end
if at > stop then return {'lost'} end
if at > 0 then
  local last = redis.call('XRANGE', KEYS[2], id(at - 1), id(at - 1))
  if last[1] and string.sub(last[1][2][2], 1, 8) ~= ARGV[3] then return {'lost'} end
end
"""

# ARGV[4]: most events to return.
_READ = """
local found = {}
if at < stop then found = redis.call('XRANGE', KEYS[2], id(at), '+', 'COUNT', ARGV[4]) end
return answer('ok', found)
"""
PULL = _BEGIN + _READ

# ARGV[5..6]: token and lease of the lock.
LOCK = f"""{_BEGIN}
if not redis.call('SET', KEYS[3], ARGV[5], 'NX', 'PX', ARGV[6]) then
  if redis.call('GET', KEYS[3]) ~= ARGV[5] then return {{'held'}} end
end
{_READ}"""

RENEW = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end"
UNLOCK = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"

# ARGV[4..8]: token of the lock, milliseconds that the token of this append is remembered,
# milliseconds to live or 0, base or -1, number of discarded positions; these, and the events.
APPEND = f"""{_BEGIN}
if redis.call('EXISTS', KEYS[4]) == 1 then return answer('ok', {{}}) end
if at ~= stop then return answer('conflict', {{}}) end
local n_discarded = tonumber(ARGV[8])
for each = 9 + n_discarded, #ARGV do
  redis.call('XADD', KEYS[2], id(stop), 'e', ARGV[each])
  stop = stop + 1
end
for each = 9, 8 + n_discarded do redis.call('XDEL', KEYS[2], id(tonumber(ARGV[each]))) end
redis.call('HSET', KEYS[1], 'end', string.format('%.0f', stop))
if ARGV[7] ~= '-1' then redis.call('HSET', KEYS[1], 'base', ARGV[7]) end
redis.call('SET', KEYS[4], '', 'PX', ARGV[5])
if ARGV[6] ~= '0' then
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  redis.call('PEXPIRE', KEYS[2], ARGV[6])
end
if redis.call('GET', KEYS[3]) == ARGV[4] then redis.call('DEL', KEYS[3]) end
return answer('ok', {{}})
"""

# ARGV: names and values of a new index.
CREATE = """
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], unpack(ARGV))
end
return redis.call('HGETALL', KEYS[1])
"""
