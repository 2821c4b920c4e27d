"""``ear.engine``, ``ear.param``, ``ear.stream``, ``ear.list`` and ``ear.loop``.

They are joined by names alone: ``ear.to`` carries messages to the engine, ``ear.from`` those from it, ``ear.again``
says that it was found (again).
"""

from __future__ import annotations

from ear_engine.clients.maxmsp.sheet import Sheet

ENGINE_DOES = (
    "One for all patches. Finds the engine, keeps in touch, starts and ends it.\n"
    "Arguments: its host, its port, the port that Max listens at (127.0.0.1 9000 7400)."
)
PARAM_DOES = "Sets and gets one parameter.\nArgument: its address, /ear/dream/rate."
STREAM_DOES = "Receives one stream, as long as the patch is open.\nArguments: its address, messages a second."
LIST_DOES = "Fills a umenu with what the engine has: layers, presets, clips.\nArgument: /ear/layers/list and so on."
LOOP_DOES = "Each new loop in one of two buffers, NAME.a and NAME.b, by turns.\nArgument: NAME."


def engine() -> Sheet:
    """``ear.engine [host] [port] [listen port]``."""
    sheet = Sheet((760, 420))
    sheet.comment(ENGINE_DOES, (20, 10), 620)
    inlet = sheet.port("inlet", (20, 70), "start, stop, host NAME, port N, listen N, bang greets again")
    script = sheet.box("js ear.engine.js #1 #2 #3", (20, 180), (1, 4))
    sender = sheet.box("udpsend 127.0.0.1 9000", (20, 240))
    listener = sheet.box("udpreceive 7400", (250, 70))
    outlet = sheet.port("outlet", (160, 370), "state 0 or 1, engine NAME VERSION, fail ADDRESS CODE TEXT, program …")
    to = sheet.box("r ear.to", (20, 210))
    everything = sheet.box("s ear.from", (250, 110))
    answers = sheet.box("route /ear/system/pong /ear/system/status /ear/fail /ear/done", (340, 110))
    node = sheet.box("node.script ear.node.js @autostart 0 @watch 0", (300, 240))
    wanted = sheet.box("r ear.fetch", (130, 70))
    fetch = sheet.box("prepend fetch", (130, 110))
    sheet.cord(inlet, script)
    sheet.chain(wanted, fetch, script)
    sheet.cord(listener, everything)
    sheet.cord(listener, answers)
    for number, word in enumerate(("pong", "status", "fail", "done")):
        made = sheet.box(f"prepend {word}", (340 + 95 * number, 150))
        sheet.cord(answers, made, number)
        sheet.cord(made, script)
    sheet.cord(script, sender, 0)
    sheet.cord(to, sender)
    sheet.cord(script, listener, 1)
    sheet.cord(script, outlet, 2)
    sheet.cord(script, node, 3)
    said = sheet.box("prepend node", (300, 280))
    sheet.cord(node, said)
    sheet.cord(said, script)
    return sheet


def param() -> Sheet:
    """``ear.param ADDRESS``."""
    sheet = Sheet((560, 320))
    sheet.comment(PARAM_DOES, (20, 10), 300)
    inlet = sheet.port("inlet", (20, 60), "value, norm 0..1, text …, default, bang asks the engine")
    script = sheet.box("js ear.param.js #1", (20, 190), (1, 4))
    heard = sheet.box("r ear.from", (160, 60))
    mine = sheet.box("route #1", (160, 100), (2, 2))
    value = sheet.box("prepend value", (160, 140))
    sheet.cord(inlet, script)
    sheet.chain(heard, mine, value, script)
    tips = ("value", "position 0..1", "facts: label, kind, unit, range LOW HIGH, menu …, shown TEXT")
    for number, tip in enumerate(tips):
        outlet = sheet.port("outlet", (20 + 60 * number, 260), tip)
        sheet.cord(script, outlet, number)
    to = sheet.box("s ear.to", (220, 260))
    sheet.cord(script, to, 3)
    return sheet


def stream() -> Sheet:
    """``ear.stream ADDRESS [rate]``."""
    sheet = Sheet((560, 380))
    sheet.comment(STREAM_DOES, (20, 10), 380)
    inlet = sheet.port("inlet", (20, 60), "bang subscribes again, rate N")
    again = sheet.box("r ear.again", (70, 66))
    script = sheet.box("js ear.stream.js #1 #2", (20, 110), (1, 3))
    to = sheet.box("s ear.to", (20, 150))
    heard = sheet.box("r ear.from", (260, 66))
    mine = sheet.box("route #1", (260, 110), (2, 2))
    way = sheet.box("gate 2 1", (200, 190))
    cut = sheet.box("zl.slice 4 @zlmaxsize 4096", (200, 240))
    values = sheet.port("outlet", (80, 320), "values")
    header = sheet.port("outlet", (200, 320), "what comes first: loop, frame, offset, total")
    sheet.cord(inlet, script)
    sheet.cord(again, script)
    sheet.cord(script, to)
    sheet.cord(script, way, 1)
    sheet.cord(script, cut, 2, 1)
    sheet.chain(heard, mine)
    sheet.cord(mine, way, 0, 1)
    sheet.cord(way, values)
    sheet.cord(way, cut, 1)
    sheet.cord(cut, header)
    sheet.cord(cut, values, 1)
    return sheet


def names() -> Sheet:
    """``ear.list ADDRESS``."""
    sheet = Sheet((460, 280))
    sheet.comment(LIST_DOES, (20, 10), 380)
    inlet = sheet.port("inlet", (20, 60), "bang asks again")
    again = sheet.box("r ear.again", (70, 66))
    heard = sheet.box("r ear.from", (190, 66))
    mine = sheet.box("route #1", (190, 110), (2, 2))
    script = sheet.box("js ear.list.js #1", (20, 150), (1, 3))
    to = sheet.box("s ear.to", (20, 190))
    outlet = sheet.port("outlet", (120, 220), "to a umenu: clear, append NAME")
    filled = sheet.port("outlet", (200, 220), "bang when the menu is filled")
    sheet.cord(inlet, script)
    sheet.cord(again, script)
    sheet.chain(heard, mine, script)
    sheet.cord(script, to)
    sheet.cord(script, outlet, 1)
    sheet.cord(script, filled, 2)
    return sheet


def loop() -> Sheet:
    """``ear.loop NAME``."""
    sheet = Sheet((640, 400))
    sheet.comment(LOOP_DOES, (20, 10), 400)
    inlet = sheet.port("inlet", (20, 60), "bang asks for the newest loop")
    heard = sheet.box("ear.stream /ear/loop 30", (20, 100))
    fetched = sheet.box("r ear.fetched", (230, 100))
    script = sheet.box("js ear.loop.js #1", (20, 170), (1, 4))
    done = sheet.message("done", (330, 100))
    first = sheet.box("buffer~ #1.a", (20, 230))
    second = sheet.box("buffer~ #1.b", (150, 230))
    wanted = sheet.box("s ear.fetch", (300, 230))
    ready = sheet.box("route buffer loop", (400, 230))
    name = sheet.port("outlet", (400, 320), "name of the buffer with the newest loop")
    facts = sheet.port("outlet", (460, 320), "its number, seconds, sample rate, beats, tempo")
    sheet.cord(inlet, heard)
    sheet.cord(heard, script)
    sheet.cord(fetched, script)
    sheet.cord(script, first)
    sheet.cord(script, second, 1)
    sheet.cord(script, wanted, 2)
    sheet.cord(script, ready, 3)
    sheet.cord(first, done, 1)
    sheet.cord(second, done, 1)
    sheet.cord(done, script)
    sheet.cord(ready, name)
    sheet.cord(ready, facts, 1)
    return sheet
