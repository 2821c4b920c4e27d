-- Finds the engine, asks for what shall move the faders, and keeps the lease. TouchOSC cannot say where it listens:
-- LISTEN must be the receive port of the connection.
local LISTEN = 9001
local PATTERNS = { --[[PATTERNS]] }
local asked, heard, engine = -100000, -100000, ""
local lists = {}

local function send(address, ...)
  local arguments = {}
  for index, value in ipairs({ ... }) do
    arguments[index] = { tag = type(value) == "string" and "s" or "i", value = value }
  end
  sendOSC({ address, arguments })
end

local function greet()
  for _, pattern in ipairs(PATTERNS) do
    send("/ear/stream/subscribe", pattern, 20, "list", LISTEN, 30)
  end
  send("/ear/layers/list")
  send("/ear/preset/list")
  send("/ear/clips/list")
end

local function say(text)
  self:findByName("status", true).values.text = text
end

function init()
  say("looking for ear-engine")
end

function update()
  local now = getMillis()
  if now - asked < 2000 then return end
  asked = now
  send("/ear/system/reply_port", LISTEN)
  send("/ear/system/ping", 1)
  if now - heard > 6500 and engine ~= "" then
    engine = ""
    say("ear-engine is not there")
  end
end

local function fill(list, index, total, name)
  if total == 0 then -- not known yet; ask again at the next turn
    engine = ""
    return
  end
  for _, button in ipairs(self:findAllByName(list, true)) do
    local place = button.tag + 0
    if place == index then
      button.parent.children.word.values.text = name
      button.parent.visible = true
    elseif place >= total then
      button.parent.visible = false
    end
  end
end

local function mark(list, name)
  for _, button in ipairs(self:findAllByName(list, true)) do
    local chosen = button.parent.children.word.values.text == name
    button.color = chosen and Color.fromHexString("FFFFFFFF") or Color.fromHexString(button.parent.tag)
  end
end

local answers = {
  ["/ear/system/pong"] = function(values)
    heard = getMillis()
    if values[1] ~= engine then
      engine = values[1]
      say("ear-engine " .. values[2])
      greet()
    end
  end,
  ["/ear/layers/list"] = function(values) fill("layer", values[1], values[2], values[3]) end,
  ["/ear/preset/list"] = function(values) fill("preset", values[1], values[2], values[3]) end,
  ["/ear/clips/list"] = function(values) fill("clip", values[1], values[2], values[3]) end,
  ["/ear/target/layer"] = function(values) mark("layer", values[1]) end,
  ["/ear/source/clip"] = function(values) mark("clip", values[1]) end,
  ["/ear/done"] = function(values) -- nobody is told what he has done himself, and a preset has changed much at once
    if values[1] == "/ear/preset/recall" then greet() end
  end,
  ["/ear/fail"] = function(values)
    say(values[3])
    if string.find(values[1], "^/ear/norm/") then send(values[1]) end -- what was refused is not what there is
  end,
}

function onReceiveOSC(message, connections)
  local answer = answers[message[1]]
  if answer == nil then return false end
  local values = {}
  for index, argument in ipairs(message[2]) do
    values[index] = argument.value
  end
  answer(values)
  return true
end
