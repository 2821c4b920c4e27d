"""What the component knows, and what it does about messages, parameters and frames. All of it runs on the main thread.

``TABLE`` (parameter → how it is sent) and ``GROUPS`` come from the engine's own table, in the DAT ``ear_table``.
"""

import json
import time

TTL = 30.0  # seconds that a subscription lives without a sign of us
RENEW = 5.0  # seconds between two signs
FIRST = 3  # frame at which the engine is spoken to: by then somebody listens at our ports
MAP = 10.0  # seconds between two looks at the map
SLOTS = ("loop_a", "loop_b")
ENGINE = ("Address", "Oscport", "Streamport", "Answerport", "Lead", "Active", "Limit")
_NOTHING = object()
_states = {}  # by id of the component; gone with this DAT


class State:
    """Of one component."""

    def __init__(self):
        self.client = None
        self.textures = {}
        self.loops = {}
        self.loop = None
        self.received = {}  # what the engine has said a parameter is, so that it is not sent back
        self.about = None
        self.frames = 0
        self.renewed = 0.0
        self.mapped = -1e9


def state(comp):
    """The state of a component."""
    return _states.setdefault(comp.id, State())


def close(comp):
    """End the thread and forget everything: before the component is built anew."""
    old = _states.pop(comp.id, None)
    if old is not None and old.client is not None:
        old.client.close()


def subscriptions(comp):
    """What is asked for: (pattern, times a second, format, port, beats ahead)."""
    table = comp.op("ear_table").module
    streams, answers = int(comp.par.Streamport.eval()), int(comp.par.Answerport.eval())
    lead = float(comp.par.Lead.eval())
    return [
        ("/ear/playhead", 120.0, "channels", streams, lead),
        ("/ear/summary/mean", 60.0, "channels", streams, lead),
        ("/ear/objective", 10.0, "channels", streams, 0.0),
        ("/ear/heartbeat", 2.0, "channels", streams, 0.0),
        ("/ear/loop", 30.0, "list", answers, 0.0),
        ("/ear/event", 30.0, "list", answers, 0.0),
        *((pattern, 30.0, "list", answers, 0.0) for pattern in table.PATTERNS),
    ]


def connect(comp):
    """Say where we listen, and subscribe; the engine sends everything as it is now."""
    if not comp.par.Active.eval():
        return
    send = comp.op("osc_out").sendOSC
    _say_where(comp)
    for pattern, rate, format, port, lead in subscriptions(comp):
        send("/ear/stream/subscribe", [pattern, rate, format, port, TTL, lead])
    send("/ear/system/status", [])
    state(comp).renewed = time.monotonic()


def _say_where(comp):
    comp.op("osc_out").sendOSC("/ear/system/reply_port", [int(comp.par.Answerport.eval())])


def disconnect(comp):
    """Let the engine send nothing any more."""
    comp.op("osc_out").sendOSC("/ear/stream/unsubscribe", [])


def on_osc(comp, address, args):
    """A message has come at the port of answers."""
    mine, table = state(comp), comp.op("ear_table").module
    name = table.BY_ADDRESS.get(address)
    if name is not None and args:
        _follow(comp, name, table.TABLE[name], args[0])
    elif address == "/ear/loop" and args:
        mine.loop = int(args[0])
        if mine.client is not None:
            mine.client.want_loop(mine.loop)
    elif address == "/ear/done" and len(args) > 2 and args[0] == "/ear/stream/renew":
        if int(args[2]) < len(subscriptions(comp)):  # it has started again
            connect(comp)
    elif address == "/ear/system/status":
        _meet(comp, dict(zip(args[0::2], args[1::2])))
    elif address == "/ear/fail" and len(args) > 2:
        comp.par.Problem = str(args[2])


def _follow(comp, name, row, value):
    par = comp.par[name]
    value = row["type"](value)
    state(comp).received[name] = value
    if par.eval() == value:
        state(comp).received.pop(name)  # nothing will change
    else:
        par.val = value


def _meet(comp, facts):
    """The engine has said who it is: fetch from its HTTP port."""
    mine, port = state(comp), int(facts.get("http_port", 0))
    where = f"http://{comp.par.Address.eval()}:{port}"
    comp.par.Problem = "" if port else "this engine answers no HTTP"
    if not port or (mine.client is not None and mine.client.where == where):
        return
    if mine.client is not None:
        mine.client.close()
    comp.op("live_socket").par.port = port
    mine.client = comp.op("ear_client").module.Client(where, int(comp.par.Limit.eval()))
    mine.client.want_map()
    if mine.loop is not None:
        mine.client.want_loop(mine.loop)


def on_value(par):
    """Somebody has turned a parameter, or ``on_osc`` has."""
    comp, row = par.owner, par.owner.op("ear_table").module.TABLE.get(par.name)
    if row is not None:
        value = row["type"](par.eval())
        if state(comp).received.pop(par.name, _NOTHING) != value and comp.par.Active.eval():
            comp.op("osc_out").sendOSC(row["address"], [value])
    elif par.name == "Active" and not par.eval():
        disconnect(comp)
    elif par.name in ENGINE:
        close(comp)  # the next frames connect again


def on_pulse(par):
    """A button was pressed."""
    comp, row = par.owner, par.owner.op("ear_table").module.TABLE.get(par.name)
    if row is not None:
        comp.op("osc_out").sendOSC(row["address"], [1])
    elif par.name == "Connect":
        close(comp)


def step(comp):
    """Once a frame: take what was fetched, and give a sign of life now and then."""
    mine, now = state(comp), time.monotonic()
    mine.frames += 1
    if mine.frames == FIRST:
        connect(comp)
    elif mine.frames > FIRST and comp.par.Active.eval() and now - mine.renewed > RENEW:
        mine.renewed = now
        _say_where(comp)  # an engine that has started again does not know
        comp.op("osc_out").sendOSC("/ear/stream/renew", [])
        if mine.client is None:
            comp.op("osc_out").sendOSC("/ear/system/status", [])
    if mine.client is None:
        return
    if now - mine.mapped > MAP:
        mine.mapped = now
        mine.client.want_map()
    while not mine.client.ready.empty():
        what, value = mine.client.ready.get_nowait()
        if what == "loop":
            _show(comp, value)
        elif what == "map":
            comp.op("positions").par.file = value
            comp.op("positions").par.reloadpulse.pulse()
        else:
            comp.par.Problem = value


def _show(comp, texture):
    """Into the slot that is not heard."""
    mine = state(comp)
    heard = int(comp.op("streams")["ear/playhead/loop"] or 0)
    free = [slot for slot in SLOTS if mine.loops.get(slot) != heard] or list(SLOTS)
    slot = min(free, key=lambda name: mine.loops.get(name, -1))
    mine.loops[slot] = int(texture[0, 1, 1]) | int(texture[0, 1, 2]) << 16
    mine.textures[slot] = texture
    comp.op(slot).cook(force=True)


def texture(comp, name):
    """What a Script TOP shows; None if there is nothing yet."""
    return state(comp).textures.get(name)


def on_live_text(comp, message):
    """The live input says what it will send."""
    state(comp).about = json.loads(message)


def on_live_frame(comp, contents):
    """The live input has sent the whole network, as it is now."""
    mine = state(comp)
    frame = comp.op("ear_client").module.live_frame(contents, mine.about, int(comp.par.Limit.eval()))
    if frame is not None:
        mine.textures["live"] = frame
        comp.op("live").cook(force=True)
