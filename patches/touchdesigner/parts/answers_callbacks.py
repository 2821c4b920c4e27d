"""Of the OSC In DAT ``answers``."""


def onReceiveOSC(dat, rowIndex, message, byteData, timeStamp, address, args, peer):
    """A message has come."""
    dat.parent().op("ear_state").module.on_osc(dat.parent(), address, args)
