-- Sends the word on the button.
function onValueChanged(key)
  if key == "x" and self.values.x == 1 then
    sendOSC({ "--[[ADDRESS]]", { { tag = "s", value = self.parent.children.word.values.text } } })
  end
end
