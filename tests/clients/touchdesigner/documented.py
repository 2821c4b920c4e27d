"""What TouchDesigner's manual (docs.derivative.ca, one page an operator) calls operators, parameters and their words.

Typed from the manual's pages, not from the script that is tested. Only parameters that a user of these operators might
want are listed; a menu has its words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Menu = tuple[str, ...]
_RESOLUTION: Menu = ("useinput", "eighth", "quarter", "half", "2x", "4x", "8x", "fit", "limit", "custom")
_FORMAT: Menu = (
    "useinput", "rgba8fixed", "srgba8fixed", "rgba16float", "rgba32float", "rgb10a2fixed", "rgba16fixed", "rgba11float",
    "rgb16float", "rgb32float", "mono8fixed", "mono16fixed", "mono16float", "mono32float", "rg8fixed", "rg16fixed",
    "rg16float", "rg32float",
)  # fmt: skip
_BLEND: Menu = ("zero", "dcol", "omdcol", "sa", "omsa", "da", "omda", "sas", "one", "scol", "omscol")
_TOP: Mapping[str, Menu | None] = {
    "outputresolution": _RESOLUTION,
    "resolutionw": None,
    "resolutionh": None,
    "inputfiltertype": ("nearest", "linear", "mipmap"),
    "filtertype": ("nearest", "linear", "mipmap"),
    "format": _FORMAT,
    "npasses": None,
}
_NET: Mapping[str, Menu | None] = {
    "active": None,
    "protocol": ("msging", "multicastmsging", "reliablemsging"),
    "address": None,
    "port": None,
    "localaddress": None,
    "addscope": None,
    "typetag": None,
    "splitbundle": None,
    "splitmessage": None,
    "bundletimestamp": None,
    "callbacks": None,
    "clamp": None,
    "maxlines": None,
}
_INSTANCE = (
    "instanceop instancetop instanceactive instancetx instancety instancetz instancerop instancesop instancesx "
    "instancesy instancesz instancecolorop instancer instanceg instanceb instancea instancetexcoordop numinstances"
).split()


@dataclass(frozen=True)
class Kind:
    """An operator.

    Args:
        page: of the manual.
        inputs: how many can be connected.
        parameters: name → words of a menu, or None.
    """

    page: str
    inputs: int
    parameters: Mapping[str, Menu | None]


KINDS: Mapping[str, Kind] = {
    "baseCOMP": Kind("Base_COMP", 0, {}),
    "textDAT": Kind("Text_DAT", 1, {"file": None, "syncfile": None, "language": None, "extension": None}),
    "oscoutDAT": Kind("OSC_Out_DAT", 0, _NET),
    "oscinDAT": Kind("OSC_In_DAT", 0, _NET),
    "oscinCHOP": Kind(
        "OSC_In_CHOP",
        0,
        dict.fromkeys(
            "active netaddress port localaddress oscaddressscope useglobalrate samplerate queued queuevariance "
            "maxqueue adjusttime stripsegments resetchannels resetchannelspulse resetvalues timeslice".split()
        ),
    ),
    "selectCHOP": Kind(
        "Select_CHOP", 1, dict.fromkeys("chop channames renamefrom renameto filterbydigits digits stripdigits".split())
    ),
    "outCHOP": Kind("Out_CHOP", 1, {"label": None}),
    "websocketDAT": Kind(
        "WebSocket_DAT", 1, dict.fromkeys("active netaddress port timeout callbacks clamp maxlines clear bytes".split())
    ),
    "parameterexecuteDAT": Kind(
        "Parameter_Execute_DAT",
        1,
        dict.fromkeys(
            "active op pars valuechange valueschanged onpulse expressionchange exportchange enablechange modechange "
            "custom builtin".split()
        ),
    ),
    "executeDAT": Kind(
        "Execute_DAT",
        1,
        dict.fromkeys("active start create exit framestart frameend playstatechange devicechange".split()),
    ),
    "scriptTOP": Kind("Script_TOP", 1, {"callbacks": None, "setuppars": None, "modoutsidecook": None, **_TOP}),
    "moviefileinTOP": Kind(
        "Movie_File_In_TOP",
        0,
        {
            "file": None,
            "reload": None,
            "reloadpulse": None,
            "playmode": ("locked", "specify", "sequential", "timecodeop"),
            "play": None,
            "multalpha": ("off", "on", "automatic"),
            "inputcolorspace": ("automatic", "srgb", "srgblinear", "passthrough"),
            **_TOP,
        },
    ),
    "glslTOP": Kind(
        "GLSL_TOP",
        3,
        {
            "mode": ("vertexpixel", "compute"),
            "predat": None,
            "vertexdat": None,
            "pixeldat": None,
            "computedat": None,
            **dict.fromkeys(["vec0name", *(f"vec0value{axis}" for axis in "xyzw")]),
            **_TOP,
        },
    ),
    "circleTOP": Kind(
        "Circle_TOP",
        1,
        {
            **dict.fromkeys(
                "radiusx radiusy centerx centery fillcolorr fillcolorg fillcolorb fillalpha bgcolorr bgcolorg bgcolorb "
                "bgalpha borderwidth antialias softness".split()
            ),
            **_TOP,
        },
    ),
    "constantMAT": Kind(
        "Constant_MAT",
        0,
        {
            **dict.fromkeys(
                "colorr colorg colorb alpha applypointcolor colormap blending separatealphafunc depthtest depthwriting "
                "postmultalpha".split()
            ),
            "blendop": ("add", "subtract", "revsubtract", "minimum", "maximum"),
            "srcblend": _BLEND,
            "destblend": _BLEND,
        },
    ),
    "geometryCOMP": Kind(
        "Geometry_COMP",
        1,
        {
            **dict.fromkeys(
                ["tx", "ty", "tz", "sx", "sy", "sz", "scale", "material", "render", "instancing", *_INSTANCE]
            ),
            "instancecountmode": ("manual", "oplength"),
            "instancecolormode": ("replace", "multiply", "add", "subtract"),
            "instancetexmode": ("replace", "transform"),
        },
    ),
    "rectangleSOP": Kind(
        "Rectangle_SOP",
        1,
        {
            **dict.fromkeys("sizex sizey tx ty tz anchoru anchorv normals".split()),
            "orient": ("xy", "yz", "zx", "cam"),
            "texture": ("off", "face"),
        },
    ),
    "cameraCOMP": Kind(
        "Camera_COMP",
        1,
        {
            **dict.fromkeys("tx ty tz rx ry rz orthowidth fov near far".split()),
            "projection": ("perspective", "ortho", "persporthoblend", "custommatrix"),
        },
    ),
    "renderTOP": Kind(
        "Render_TOP",
        0,
        {
            **dict.fromkeys("camera geometry lights bgcolorr bgcolorg bgcolorb bgcolora render".split()),
            "antialias": ("aa1", "aa2", "aa4", "aa8mid", "aa8high", "aa16low", "aa16mid", "aa16high", "aa32"),
            **_TOP,
        },
    ),
    "outTOP": Kind("Out_TOP", 1, {"label": None, **_TOP}),
}
CHILDREN: Mapping[str, tuple[tuple[str, str], ...]] = {"geometryCOMP": (("rectangleSOP", "torus1"),)}
"""What an operator is made with inside; a torus in TouchDesigner."""
STYLES = ("Float", "Int", "Toggle", "Menu", "Str", "Pulse")
"""``Page.append…`` that are known here."""
