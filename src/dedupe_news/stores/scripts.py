"""
What runs inside the server of a shared index, each script all at once or not at all.

A script is told how far its caller has read the log. It refuses to go on where
the server's log is another one, or shorter, or ends otherwise than the caller
has seen, so that no loss of the server passes unnoticed.
"""

from __future__ import annotations

SEGMENT = 4096
"""Documents of consecutive numbers that one hash holds."""

MOST_DOCUMENTS = 20_000
"""Documents that one answer brings, unless a single batch has more."""

MOST_OPERATIONS = 5_000
"""Operations that one answer brings."""

_LEAST_TOGETHER = 64

# KEYS[1]: the prefix, in braces, so that all keys of an index are in one slot of a cluster.
# ARGV[1..4]: incarnation, operations read, token of the last of them, number of the next document.
_BEGIN = """
local prefix = KEYS[1]
local meta, log = prefix .. ':meta', prefix .. ':log'
local m = redis.call('HMGET', meta, 'incarnation', 'start', 'start_token', 'next', 'base')
if not m[1] then return {'gone'} end
if m[1] ~= ARGV[1] then return {'other'} end
local start, length, at = tonumber(m[2]), redis.call('LLEN', log), tonumber(ARGV[2])
if at < start then return {'behind'} end
if at > start + length then return {'lost'} end
local last = m[3]
if at > start then last = string.sub(redis.call('LINDEX', log, at - start - 1), 2, 17) end
if last ~= ARGV[3] then return {'lost'} end

local function token_of(operation) return string.sub(operation, 2, 17) end

local function batch_of(operation) return prefix .. ':batch:' .. token_of(operation) end

local function documents(operation, first, count, sizes, into)
  local batch = redis.call('HMGET', batch_of(operation), 'sizes', 'documents')
  if batch[1] and batch[2] and #batch[1] == 4 * count then
    sizes[#sizes + 1], into[#into + 1] = batch[1], batch[2]
    return
  end
  local number = first
  while number < first + count do
    local segment = math.floor(number / SEGMENT)
    local stop = math.min(first + count, (segment + 1) * SEGMENT)
    local fields = {}
    for each = number, stop - 1 do fields[#fields + 1] = string.format('%d', each) end
    local key = prefix .. ':documents:' .. string.format('%d', segment)
    for _, document in ipairs(redis.call('HMGET', key, unpack(fields))) do
      sizes[#sizes + 1] = struct.pack('<I4', #(document or ''))
      into[#into + 1] = document or ''
    end
    number = stop
  end
end

local function answer(most_operations, most_documents, own)
  local found, kept, sizes, into, total = {}, {}, {}, {}, 0
  found = redis.call('LRANGE', log, at - start, at - start + most_operations - 1)
  for _, operation in ipairs(found) do
    if string.sub(operation, 1, 1) == 'A' and token_of(operation) ~= own then
      local first, count = struct.unpack('<i8i8', operation, 18)
      if #kept > 0 and total + count > most_documents then break end
      total = total + count
      documents(operation, first, count, sizes, into)
    end
    kept[#kept + 1] = operation
  end
  local length = start + redis.call('LLEN', log)
  return {'ok', length, tonumber(m[5]), kept, table.concat(sizes), table.concat(into)}
end
""".replace("SEGMENT", str(SEGMENT))

PULL = f"{_BEGIN}return answer({MOST_OPERATIONS}, {MOST_DOCUMENTS}, '')"
"""Return what was done since."""

# ARGV[5..8]: name of the token, milliseconds until everything expires or 0, milliseconds that
# documents stay together, the operation; then documents, of which the operation lacks first
# number and count: some at a time, how long each of them is and all of them together, as one by
# one they would take the longest. For a while they stay together too, for the workers that read
# along, which are most.
APPEND = f"""{_BEGIN}
if start + length - at > {MOST_OPERATIONS} or tonumber(m[4]) - tonumber(ARGV[4]) > {MOST_DOCUMENTS}
then return {{'far'}} end
local token, ttl, operation = prefix .. ':token:' .. ARGV[5], tonumber(ARGV[6]), ARGV[8]
if redis.call('EXISTS', token) == 0 then
  local count = 0
  for at = 9, #ARGV, 2 do count = count + #ARGV[at] / 4 end
  if count > 0 then
    local part, at, place = 9, 1, 1
    local function next_document()
      if place > #ARGV[part] then part, at, place = part + 2, 1, 1 end
      local size = struct.unpack('<I4', ARGV[part], place)
      at, place = at + size, place + 4
      return string.sub(ARGV[part + 1], at - size, at - 1)
    end
    local first = tonumber(m[4])
    local number = first
    while number < first + count do
      local segment = math.floor(number / {SEGMENT})
      local stop = math.min(first + count, (segment + 1) * {SEGMENT})
      local key = prefix .. ':documents:' .. string.format('%d', segment)
      for each = number, stop - 1, 1024 do
        local values = {{}}
        for one = each, math.min(each + 1024, stop) - 1 do
          values[#values + 1] = string.format('%d', one)
          values[#values + 1] = next_document()
        end
        redis.call('HSET', key, unpack(values))
      end
      if ttl > 0 then redis.call('PEXPIRE', key, ttl) end
      number = stop
    end
    redis.call('HINCRBY', meta, 'next', count)
    if count >= {_LEAST_TOGETHER} and #ARGV == 10 then
      local batch = batch_of(operation)
      redis.call('HSET', batch, 'sizes', ARGV[9], 'documents', ARGV[10])
      redis.call('PEXPIRE', batch, ARGV[7])
    end
    operation = operation .. struct.pack('<i8i8', first, count)
  end
  redis.call('RPUSH', log, operation)
  redis.call('SET', token, '', 'PX', 3600000)
  if ttl > 0 then
    redis.call('PEXPIRE', meta, ttl)
    redis.call('PEXPIRE', log, ttl)
    redis.call('PEXPIRE', prefix .. ':verdicts', ttl)
  end
end
return answer(-1 + 2 * {MOST_OPERATIONS}, 1e15, token_of(operation))
"""
"""Add one operation to the log, unless it is there already, and return what was done since."""

# ARGV[5..7]: first number of the batch, milliseconds until everything expires or 0, the operation.
JUDGE = f"""{_BEGIN}
if start + length - at > {MOST_OPERATIONS} or tonumber(m[4]) - tonumber(ARGV[4]) > {MOST_DOCUMENTS}
then return {{'far'}} end
if redis.call('HSETNX', prefix .. ':verdicts', ARGV[5], string.sub(ARGV[7], 18)) == 1 then
  redis.call('RPUSH', log, ARGV[7])
  local ttl = tonumber(ARGV[6])
  if ttl > 0 then redis.call('PEXPIRE', prefix .. ':verdicts', ttl) end
end
return answer(-1 + 2 * {MOST_OPERATIONS}, 1e15, '')
"""
"""Add the verdicts on a batch, unless there are some already, and return what was done since."""

# ARGV[5..11]: place of the log from which operations are kept, number of the next document
# there, numbers that left, window step, first segment in use, batches to forget, numbers that
# were dropped. The last ones stay as long as an operation that is kept may ask for them.
SETTLE = f"""{_BEGIN}
local trimmed = tonumber(ARGV[5])
if trimmed > start then
  local token = string.sub(redis.call('LINDEX', log, trimmed - start - 1), 2, 17)
  redis.call('LTRIM', log, trimmed - start, -1)
  redis.call('HSET', meta, 'start', string.format('%d', trimmed), 'start_token', token)
end
local key, fields, stay = '', {{}}, {{}}
local function delete()
  if #fields > 0 then redis.call('HDEL', key, unpack(fields)) end
  fields = {{}}
end
local function each_of(packed, do_with)
  for place = 1, #packed, 8 do
    local number = struct.unpack('<i8', packed, place)
    local own = do_with(number, string.sub(packed, place, place + 7))
    if own then
      if own ~= key or #fields == {SEGMENT} then delete() end
      key = own
      fields[#fields + 1] = string.format('%d', number)
    end
  end
  delete()
end
each_of(ARGV[10], function() return prefix .. ':verdicts' end)
each_of(redis.call('HGET', meta, 'dropped') .. ARGV[11], function(number, packed)
  if trimmed < start or number >= tonumber(ARGV[6]) then
    stay[#stay + 1] = packed
    return nil
  end
  return prefix .. ':documents:' .. string.format('%d', math.floor(number / {SEGMENT}))
end)
redis.call('HSET', meta, 'base', ARGV[2], 'base_token', ARGV[3], 'base_next', ARGV[4],
  'retired', ARGV[7], 'step', ARGV[8], 'segment', ARGV[9], 'dropped', table.concat(stay))
return {{'ok', at, at, {{}}, '', ''}}
"""
"""Keep what stands at a place of the log as where others may begin, and drop what left."""

CREATE = """
local meta = KEYS[1] .. ':meta'
if redis.call('EXISTS', meta) == 0 then
  redis.call('HSET', meta, 'incarnation', ARGV[1], 'format', ARGV[2], 'config', ARGV[3],
    'folding', ARGV[4], 'library', ARGV[5], 'start', 0, 'start_token', ARGV[6], 'base', 0,
    'base_token', ARGV[6], 'base_next', 0, 'next', 0, 'retired', '', 'step', '', 'segment', 0,
    'dropped', '')
end
return redis.call('HGETALL', meta)
"""
"""Make an index unless there is one, and return what it says of itself."""
