"""Of the WebSocket DAT."""


def onReceiveText(dat, rowIndex, message):
    """The engine says what it will send."""
    dat.parent().op("ear_state").module.on_live_text(dat.parent(), message)


def onReceiveBinary(dat, contents):
    """A frame of the network."""
    dat.parent().op("ear_state").module.on_live_frame(dat.parent(), contents)
