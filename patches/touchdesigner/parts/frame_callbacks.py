"""Of the Execute DAT."""


def onFrameStart(frame):
    """A frame begins."""
    comp = me.parent()  # TouchDesigner gives every DAT its own ``me``
    comp.op("ear_state").module.step(comp)
