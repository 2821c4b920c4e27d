"""Of the Parameter Execute DAT."""


def onValueChange(par, prev):
    """A parameter of the component is another than before."""
    par.owner.op("ear_state").module.on_value(par)


def onPulse(par):
    """A button of the component was pressed."""
    par.owner.op("ear_state").module.on_pulse(par)
