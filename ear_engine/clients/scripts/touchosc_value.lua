-- Writes the value that x stands for beside it.
local LOW, HIGH, LOG, UNIT, WHOLE = --[[FACTS]]
local WORDS = { --[[WORDS]] }

local function shown(x)
  if #WORDS > 0 then
    return WORDS[math.floor(x * (#WORDS - 1) + 0.5) + 1]
  end
  local value = LOG and LOW * (HIGH / LOW) ^ x or LOW + x * (HIGH - LOW)
  local size = math.abs(value)
  local digits = (WHOLE or size >= 100) and 0 or size >= 10 and 1 or 2
  local scaled = math.floor(size * 10 ^ digits + 0.5)
  local sign = value < 0 and scaled > 0 and "-" or ""
  local text = sign .. string.format("%." .. digits .. "f", scaled / 10 ^ digits)
  return UNIT == "" and text or text .. " " .. UNIT
end

local function show()
  self.parent.children.value.values.text = shown(self.values.x)
end

function init()
  show()
end

function onValueChanged(key)
  if key == "x" then show() end
end
