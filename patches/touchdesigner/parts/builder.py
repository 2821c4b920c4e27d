# ---------------------------------------------------------------------------------------------------------------------
# Builds the component ``ear_engine`` next to this DAT. Run it again at any time: what is inside is made anew, what you
# have set stays. ``PARAMETERS`` and ``PARTS`` stand above.

import td

NAME = "ear_engine"


def build(where):
    """Make or renew the component in ``where``; returns it."""
    comp = where.op(NAME)
    if comp is None:
        comp = where.create(td.baseCOMP, NAME)
    old = comp.op("ear_state")
    if old is not None:
        old.module.close(comp)
    for child in list(comp.children):
        child.destroy()
    add_parameters(comp)
    add_texts(comp)
    add_network(comp)
    add_picture(comp)
    watch(comp)
    return comp


def add_parameters(comp):
    """Custom parameters; those that were there keep their values."""
    kept = {par.name: par.eval() for par in comp.customPars}
    pages = {page.name: page for page in comp.customPages}
    for row in PARAMETERS:
        page = pages.get(row["page"])
        if page is None:
            page = pages[row["page"]] = comp.appendCustomPage(row["page"])
        par = getattr(page, "append" + row["style"])(row["name"], label=row["label"])[0]
        if row["style"] == "Menu":
            par.menuNames = par.menuLabels = row["choices"]
        if row["style"] in ("Float", "Int"):
            par.min, par.max, par.normMin, par.normMax = row["low"], row["high"], row["low"], row["high"]
            par.clampMin = par.clampMax = True
        if hasattr(par, "help"):
            par.help = row["help"]
        if row["style"] != "Pulse":
            par.default = row["default"]
            value = kept.get(row["name"], row["default"])
            par.val = value if row["style"] != "Menu" or value in row["choices"] else row["default"]
    comp.par.Problem.readOnly = True


def add_texts(comp):
    """The scripts and the shader."""
    for column, (name, text) in enumerate(PARTS.items()):
        dat = make(comp, td.textDAT, name, column, 3)
        dat.text = text


def add_network(comp):
    """What hears and what speaks."""
    out = make(comp, td.oscoutDAT, "osc_out", 0, 0)
    out.par.address.expr = "parent().par.Address"
    out.par.port.expr = "parent().par.Oscport"
    answers = make(comp, td.oscinDAT, "answers", 1, 0)
    answers.par.port.expr = "parent().par.Answerport"
    answers.par.active.expr = "parent().par.Active"
    answers.par.splitbundle = True
    answers.par.callbacks = comp.op("answers_callbacks")
    streams = make(comp, td.oscinCHOP, "streams", 2, 0)
    streams.par.port.expr = "parent().par.Streamport"
    streams.par.active.expr = "parent().par.Active"
    for column, (name, channels) in enumerate((("playhead", "ear/playhead/*"), ("layers", "ear/summary/mean/*"))):
        select = make(comp, td.selectCHOP, name, 3 + column, 0)
        select.par.channames = channels
        select.inputConnectors[0].connect(streams)
    ends = make(comp, td.outCHOP, "out_streams", 5, 0)
    ends.inputConnectors[0].connect(streams)
    live = make(comp, td.websocketDAT, "live_socket", 6, 0)
    live.par.callbacks = comp.op("live_callbacks")
    live.par.netaddress.expr = "'ws://' + parent().par.Address.eval() + '/activations'"
    live.par.port.expr = "parent().par.Oscport"  # another, as soon as the engine says which
    live.par.active.expr = "parent().par.Live and parent().par.Active"


def add_picture(comp):
    """Textures, and quads that shine where the neurons lie."""
    textures = []
    for column, name in enumerate(("loop_a", "loop_b", "live")):
        top = make(comp, td.scriptTOP, name, column, 1)
        top.par.callbacks = comp.op("texture_callbacks")
        top.par.format = "rgba16fixed"
        top.par.filtertype = "nearest"
        textures.append(top)
    positions = make(comp, td.moviefileinTOP, "positions", 3, 1)
    put(positions, "inputcolorspace", "passthrough")  # numbers, not colors
    color = make(comp, td.glslTOP, "color", 4, 1)
    color.par.pixeldat = comp.op("glow")
    for number, top in enumerate(textures):
        color.inputConnectors[number].connect(top)
    color.par.outputresolution = "custom"
    color.par.resolutionw.expr = "max(1, op('positions').width)"
    color.par.resolutionh.expr = "max(1, op('positions').height)"
    color.par.format = "rgba16float"
    color.par.vec0name = "uPlay"
    color.par.vec0valuex.expr = "op('streams')['ear/playhead/phase'] or 0"
    color.par.vec0valuey.expr = "-1 if parent().par.Live else (op('streams')['ear/playhead/loop'] or 0)"
    color.par.vec0valuez.expr = "parent().par.Gain"
    color.par.vec0valuew.expr = "parent().par.Contrast"
    dot = make(comp, td.circleTOP, "dot", 0, 2)
    dot.par.outputresolution = "custom"
    dot.par.resolutionw = dot.par.resolutionh = 32
    dot.par.radiusx = dot.par.radiusy = 0.3
    dot.par.softness = 0.2
    material = make(comp, td.constantMAT, "additive", 1, 2)
    material.par.colormap = dot
    material.par.applypointcolor = True
    material.par.blending = True
    material.par.srcblend = "one"
    material.par.destblend = "one"
    material.par.depthtest = False
    material.par.depthwriting = False
    points = make(comp, td.geometryCOMP, "points", 2, 2)
    for child in list(points.children):
        child.destroy()
    quad = points.create(td.rectangleSOP, "quad")
    quad.par.sizex.expr = quad.par.sizey.expr = "parent(2).par.Size"
    quad.par.texture = "face"
    quad.render = quad.display = True
    points.par.material = material
    points.par.tx = points.par.ty = -0.5
    points.par.instancing = True
    points.par.instancecountmode = "oplength"
    points.par.instanceop = positions
    points.par.instancetx, points.par.instancety, points.par.instancetz = "r", "g", "b"
    points.par.instancecolorop = color
    points.par.instancecolormode = "replace"
    points.par.instancer, points.par.instanceg, points.par.instanceb = "r", "g", "b"
    camera = make(comp, td.cameraCOMP, "camera", 3, 2)
    camera.par.projection = "ortho"
    camera.par.orthowidth = 1.05
    camera.par.tz = 5
    render = make(comp, td.renderTOP, "render", 4, 2)
    render.par.camera, render.par.geometry = camera, points
    render.par.outputresolution = "custom"
    render.par.resolutionw = render.par.resolutionh = 1280
    render.par.format = "rgba16float"
    ends = make(comp, td.outTOP, "out_picture", 5, 2)
    ends.inputConnectors[0].connect(render)


def watch(comp):
    """Parameters that are turned, and frames that begin, which connect; last, so that nothing above sends anything."""
    changes = make(comp, td.parameterexecuteDAT, "changes", 7, 0)
    changes.text = PARTS["parameter_callbacks"]
    changes.par.op = comp
    changes.par.pars = "*"
    changes.par.custom = True
    changes.par.builtin = False
    changes.par.valuechange = True
    changes.par.onpulse = True
    frames = make(comp, td.executeDAT, "frames", 8, 0)
    frames.text = PARTS["frame_callbacks"]
    frames.par.framestart = True


def make(comp, kind, name, column, line):
    """An operator in its place."""
    made = comp.create(kind, name)
    made.nodeX, made.nodeY = 180 * column, -160 * line
    return made


def put(operator, name, value):
    """Set a parameter that older builds do not have."""
    if hasattr(operator.par, name):
        setattr(operator.par, name, value)


build(me.parent())  # the DAT that this is run from
