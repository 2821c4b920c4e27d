{
 "patcher": {
  "fileversion": 1,
  "appversion": {
   "major": 8,
   "minor": 0,
   "revision": 0,
   "architecture": "x64",
   "modernui": 1
  },
  "classnamespace": "box",
  "rect": [
   100.0,
   100.0,
   1386.0,
   776.0
  ],
  "bglocked": 0,
  "openinpresentation": 1,
  "default_fontsize": 12.0,
  "default_fontface": 0,
  "default_fontname": "Arial",
  "gridonopen": 1,
  "gridsize": [
   15.0,
   15.0
  ],
  "gridsnaponopen": 1,
  "objectsnaponopen": 1,
  "statusbarvisible": 2,
  "toolbarvisible": 1,
  "lefttoolbarpinned": 0,
  "toptoolbarpinned": 0,
  "righttoolbarpinned": 0,
  "bottomtoolbarpinned": 0,
  "toolbars_unpinned_last_save": 0,
  "tallnewobj": 0,
  "boxanimatetime": 200,
  "enablehscroll": 1,
  "enablevscroll": 1,
  "devicewidth": 0.0,
  "description": "",
  "digest": "",
  "tags": "",
  "style": "",
  "subpatcher_template": "",
  "assistshowspatchername": 0,
  "boxes": [
   {
    "box": {
     "id": "obj-1",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20,
      10,
      900,
      20.0
     ],
     "text": "The play page. What is seen is in presentation mode; each parameter is a patch of its own (ear.fader and so on), which you can use as well."
    }
   },
   {
    "box": {
     "id": "obj-2",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      460.0,
      180.7,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "ear.engine 127.0.0.1 9000 7400"
    }
   },
   {
    "box": {
     "id": "obj-3",
     "maxclass": "textbutton",
     "numinlets": 1,
     "numoutlets": 3,
     "patching_rect": [
      20.0,
      400.0,
      60.0,
      22.0
     ],
     "presentation": 1,
     "presentation_rect": [
      10,
      10,
      60,
      24
     ],
     "outlettype": [
      "",
      "",
      "int"
     ],
     "varname": "start",
     "text": "start"
    }
   },
   {
    "box": {
     "id": "obj-4",
     "maxclass": "textbutton",
     "numinlets": 1,
     "numoutlets": 3,
     "patching_rect": [
      90.0,
      400.0,
      60.0,
      22.0
     ],
     "presentation": 1,
     "presentation_rect": [
      76,
      10,
      60,
      24
     ],
     "outlettype": [
      "",
      "",
      "int"
     ],
     "varname": "stop",
     "text": "stop"
    }
   },
   {
    "box": {
     "id": "obj-5",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      430.0,
      33.9,
      22.0
     ],
     "text": "start",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "obj-6",
     "maxclass": "message",
     "numinlets": 2,
     "numoutlets": 1,
     "patching_rect": [
      90.0,
      430.0,
      33.3,
      22.0
     ],
     "text": "stop",
     "outlettype": [
      ""
     ]
    }
   },
   {
    "box": {
     "id": "obj-7",
     "maxclass": "newobj",
     "numinlets": 5,
     "numoutlets": 5,
     "patching_rect": [
      20.0,
      500.0,
      173.3,
      22.0
     ],
     "outlettype": [
      "",
      "",
      "",
      "",
      ""
     ],
     "text": "route state engine fail program"
    }
   },
   {
    "box": {
     "id": "obj-8",
     "maxclass": "led",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      20.0,
      540.0,
      24.0,
      24.0
     ],
     "presentation": 1,
     "presentation_rect": [
      142,
      10,
      24,
      24
     ],
     "outlettype": [
      "int"
     ],
     "varname": "state"
    }
   },
   {
    "box": {
     "id": "obj-9",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      70.0,
      600.0,
      300.0,
      20.0
     ],
     "presentation": 1,
     "presentation_rect": [
      172,
      12,
      220,
      44
     ],
     "text": "",
     "varname": "said"
    }
   },
   {
    "box": {
     "id": "obj-10",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      170.0,
      560.0,
      74.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-11",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      270.0,
      560.0,
      74.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-12",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      370.0,
      560.0,
      74.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-13",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      820.0,
      400.0,
      124.6,
      22.0
     ],
     "outlettype": [
      "",
      ""
     ],
     "text": "ear.list /ear/preset/list"
    }
   },
   {
    "box": {
     "id": "obj-14",
     "maxclass": "umenu",
     "numinlets": 1,
     "numoutlets": 3,
     "patching_rect": [
      820.0,
      440.0,
      140.0,
      22.0
     ],
     "presentation": 1,
     "presentation_rect": [
      406,
      10,
      420,
      26
     ],
     "outlettype": [
      "",
      "",
      ""
     ],
     "varname": "presets"
    }
   },
   {
    "box": {
     "id": "obj-15",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      820.0,
      480.0,
      147.3,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend /ear/preset/recall"
    }
   },
   {
    "box": {
     "id": "obj-16",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      820.0,
      520.0,
      50.6,
      22.0
     ],
     "outlettype": [],
     "text": "s ear.to"
    }
   },
   {
    "box": {
     "id": "obj-17",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      1020.0,
      620.0,
      164.0,
      22.0
     ],
     "outlettype": [
      "",
      ""
     ],
     "text": "ear.stream /ear/playhead 30."
    }
   },
   {
    "box": {
     "id": "obj-18",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 5,
     "patching_rect": [
      1020.0,
      660.0,
      106.0,
      22.0
     ],
     "outlettype": [
      "",
      "",
      "",
      "",
      ""
     ],
     "text": "unpack 0 0. 0 0. 0"
    }
   },
   {
    "box": {
     "id": "obj-19",
     "maxclass": "slider",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      1020.0,
      700.0,
      260.0,
      20.0
     ],
     "presentation": 1,
     "presentation_rect": [
      836,
      10,
      540,
      20
     ],
     "outlettype": [
      ""
     ],
     "floatoutput": 1,
     "size": 1.0,
     "orientation": 1,
     "ignoreclick": 1,
     "varname": "phase"
    }
   },
   {
    "box": {
     "id": "obj-20",
     "maxclass": "flonum",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      1020.0,
      740.0,
      60.0,
      22.0
     ],
     "presentation": 1,
     "presentation_rect": [
      836,
      32,
      60,
      22
     ],
     "outlettype": [
      "",
      ""
     ],
     "ignoreclick": 1,
     "varname": "beat"
    }
   },
   {
    "box": {
     "id": "obj-21",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      410,
      60,
      100,
      20.0
     ],
     "presentation": 1,
     "presentation_rect": [
      10,
      60,
      384,
      20
     ],
     "text": "Map",
     "fontsize": 13.0
    }
   },
   {
    "box": {
     "id": "obj-22",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      540.0,
      60.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      10,
      82,
      384,
      384
     ],
     "name": "ear.pad.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [],
     "varname": "map"
    }
   },
   {
    "box": {
     "id": "obj-23",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      670.0,
      60.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      10,
      472,
      384,
      44
     ],
     "name": "ear.lying.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/target/radius"
     ],
     "varname": "target/radius"
    }
   },
   {
    "box": {
     "id": "obj-24",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      420.0,
      400.0,
      123.3,
      22.0
     ],
     "outlettype": [
      "",
      ""
     ],
     "text": "ear.list /ear/layers/list"
    }
   },
   {
    "box": {
     "id": "obj-25",
     "maxclass": "umenu",
     "numinlets": 1,
     "numoutlets": 3,
     "patching_rect": [
      420.0,
      440.0,
      140.0,
      22.0
     ],
     "presentation": 1,
     "presentation_rect": [
      10,
      530,
      384,
      26
     ],
     "outlettype": [
      "",
      "",
      ""
     ],
     "varname": "layers"
    }
   },
   {
    "box": {
     "id": "obj-26",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 3,
     "patching_rect": [
      420.0,
      480.0,
      152.7,
      22.0
     ],
     "outlettype": [
      "",
      "",
      ""
     ],
     "text": "ear.param /ear/target/layer"
    }
   },
   {
    "box": {
     "id": "obj-27",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      420.0,
      520.0,
      112.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend setsymbol"
    }
   },
   {
    "box": {
     "id": "obj-28",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      930.0,
      60.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      10,
      572,
      384,
      44
     ],
     "name": "ear.text.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/target/name"
     ],
     "varname": "target/name"
    }
   },
   {
    "box": {
     "id": "obj-29",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      620.0,
      400.0,
      115.3,
      22.0
     ],
     "outlettype": [
      "",
      ""
     ],
     "text": "ear.list /ear/clips/list"
    }
   },
   {
    "box": {
     "id": "obj-30",
     "maxclass": "umenu",
     "numinlets": 1,
     "numoutlets": 3,
     "patching_rect": [
      620.0,
      440.0,
      140.0,
      22.0
     ],
     "presentation": 1,
     "presentation_rect": [
      10,
      630,
      384,
      26
     ],
     "outlettype": [
      "",
      "",
      ""
     ],
     "varname": "clips"
    }
   },
   {
    "box": {
     "id": "obj-31",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 3,
     "patching_rect": [
      620.0,
      480.0,
      150.0,
      22.0
     ],
     "outlettype": [
      "",
      "",
      ""
     ],
     "text": "ear.param /ear/source/clip"
    }
   },
   {
    "box": {
     "id": "obj-32",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      620.0,
      520.0,
      112.0,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "prepend setsymbol"
    }
   },
   {
    "box": {
     "id": "obj-33",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      1190,
      60,
      100,
      20.0
     ],
     "presentation": 1,
     "presentation_rect": [
      406,
      60,
      600,
      20
     ],
     "text": "Target",
     "fontsize": 13.0
    }
   },
   {
    "box": {
     "id": "obj-34",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      110.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      406,
      82,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/target/depth"
     ],
     "varname": "target/depth"
    }
   },
   {
    "box": {
     "id": "obj-35",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      150.0,
      110.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      506,
      82,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/target/channel"
     ],
     "varname": "target/channel"
    }
   },
   {
    "box": {
     "id": "obj-36",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      280.0,
      110.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      606,
      82,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/target/channel_width"
     ],
     "varname": "target/channel_width"
    }
   },
   {
    "box": {
     "id": "obj-37",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      410.0,
      110.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      706,
      82,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/target/freq_low"
     ],
     "varname": "target/freq_low"
    }
   },
   {
    "box": {
     "id": "obj-38",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      540.0,
      110.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      806,
      82,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/target/freq_high"
     ],
     "varname": "target/freq_high"
    }
   },
   {
    "box": {
     "id": "obj-39",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      670.0,
      110.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      906,
      82,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/target/morph"
     ],
     "varname": "target/morph"
    }
   },
   {
    "box": {
     "id": "obj-40",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      800.0,
      110.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      406,
      252,
      94,
      30
     ],
     "name": "ear.button.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/target/a"
     ],
     "varname": "target/a"
    }
   },
   {
    "box": {
     "id": "obj-41",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      930.0,
      110.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      506,
      252,
      94,
      30
     ],
     "name": "ear.button.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/target/b"
     ],
     "varname": "target/b"
    }
   },
   {
    "box": {
     "id": "obj-42",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      1060.0,
      110.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      606,
      252,
      94,
      30
     ],
     "name": "ear.button.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/target/keep"
     ],
     "varname": "target/keep"
    }
   },
   {
    "box": {
     "id": "obj-43",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      1190.0,
      110.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      706,
      252,
      94,
      30
     ],
     "name": "ear.button.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/target/clear"
     ],
     "varname": "target/clear"
    }
   },
   {
    "box": {
     "id": "obj-44",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20,
      160,
      100,
      20.0
     ],
     "presentation": 1,
     "presentation_rect": [
      1012,
      60,
      200,
      20
     ],
     "text": "Dream",
     "fontsize": 13.0
    }
   },
   {
    "box": {
     "id": "obj-45",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      150.0,
      160.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      1012,
      82,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/dream/rate"
     ],
     "varname": "dream/rate"
    }
   },
   {
    "box": {
     "id": "obj-46",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      280.0,
      160.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      1112,
      82,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/dream/pull"
     ],
     "varname": "dream/pull"
    }
   },
   {
    "box": {
     "id": "obj-47",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      410.0,
      160.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      1012,
      252,
      94,
      30
     ],
     "name": "ear.toggle.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/dream/run"
     ],
     "varname": "dream/run"
    }
   },
   {
    "box": {
     "id": "obj-48",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      540.0,
      160.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      1112,
      252,
      94,
      30
     ],
     "name": "ear.toggle.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/dream/autopilot"
     ],
     "varname": "dream/autopilot"
    }
   },
   {
    "box": {
     "id": "obj-49",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      670.0,
      160.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      1212,
      82,
      94,
      30
     ],
     "name": "ear.button.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/source/reset"
     ],
     "varname": "source/reset"
    }
   },
   {
    "box": {
     "id": "obj-50",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      800,
      160,
      100,
      20.0
     ],
     "presentation": 1,
     "presentation_rect": [
      406,
      292,
      700,
      20
     ],
     "text": "Tone",
     "fontsize": 13.0
    }
   },
   {
    "box": {
     "id": "obj-51",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      930.0,
      160.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      406,
      314,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/tone/tilt"
     ],
     "varname": "tone/tilt"
    }
   },
   {
    "box": {
     "id": "obj-52",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      1060.0,
      160.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      506,
      314,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/tone/reshape"
     ],
     "varname": "tone/reshape"
    }
   },
   {
    "box": {
     "id": "obj-53",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      1190.0,
      160.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      606,
      314,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/tone/low"
     ],
     "varname": "tone/low"
    }
   },
   {
    "box": {
     "id": "obj-54",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      210.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      706,
      314,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/tone/mid"
     ],
     "varname": "tone/mid"
    }
   },
   {
    "box": {
     "id": "obj-55",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      150.0,
      210.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      806,
      314,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/tone/high"
     ],
     "varname": "tone/high"
    }
   },
   {
    "box": {
     "id": "obj-56",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      280.0,
      210.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      906,
      314,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/tone/tonal"
     ],
     "varname": "tone/tonal"
    }
   },
   {
    "box": {
     "id": "obj-57",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      410.0,
      210.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      1006,
      314,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/tone/scale_lock"
     ],
     "varname": "tone/scale_lock"
    }
   },
   {
    "box": {
     "id": "obj-58",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      540.0,
      210.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      406,
      484,
      94,
      30
     ],
     "name": "ear.menu.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/tone/scale"
     ],
     "varname": "tone/scale"
    }
   },
   {
    "box": {
     "id": "obj-59",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      670.0,
      210.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      506,
      484,
      94,
      30
     ],
     "name": "ear.menu.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/tone/root"
     ],
     "varname": "tone/root"
    }
   },
   {
    "box": {
     "id": "obj-60",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      800,
      210,
      100,
      20.0
     ],
     "presentation": 1,
     "presentation_rect": [
      1112,
      292,
      200,
      20
     ],
     "text": "Rhythm",
     "fontsize": 13.0
    }
   },
   {
    "box": {
     "id": "obj-61",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      930.0,
      210.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      1112,
      314,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/rhythm/density"
     ],
     "varname": "rhythm/density"
    }
   },
   {
    "box": {
     "id": "obj-62",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      1060.0,
      210.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      1212,
      314,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/rhythm/lock"
     ],
     "varname": "rhythm/lock"
    }
   },
   {
    "box": {
     "id": "obj-63",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      1190.0,
      210.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      1112,
      484,
      94,
      30
     ],
     "name": "ear.menu.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/rhythm/grid"
     ],
     "varname": "rhythm/grid"
    }
   },
   {
    "box": {
     "id": "obj-64",
     "maxclass": "comment",
     "numinlets": 1,
     "numoutlets": 0,
     "patching_rect": [
      20,
      260,
      100,
      20.0
     ],
     "presentation": 1,
     "presentation_rect": [
      406,
      524,
      200,
      20
     ],
     "text": "Playback",
     "fontsize": 13.0
    }
   },
   {
    "box": {
     "id": "obj-65",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      150.0,
      260.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      406,
      546,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/playback/wet"
     ],
     "varname": "playback/wet"
    }
   },
   {
    "box": {
     "id": "obj-66",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      280.0,
      260.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      506,
      546,
      94,
      164
     ],
     "name": "ear.fader.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/playback/gain"
     ],
     "varname": "playback/gain"
    }
   },
   {
    "box": {
     "id": "obj-67",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      410.0,
      260.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      406,
      716,
      94,
      30
     ],
     "name": "ear.toggle.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/playback/mute"
     ],
     "varname": "playback/mute"
    }
   },
   {
    "box": {
     "id": "obj-68",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      540.0,
      260.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      506,
      716,
      94,
      30
     ],
     "name": "ear.toggle.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/memory/hold"
     ],
     "varname": "memory/hold"
    }
   },
   {
    "box": {
     "id": "obj-69",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      670.0,
      260.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      606,
      546,
      94,
      30
     ],
     "name": "ear.menu.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/playback/quantize"
     ],
     "varname": "playback/quantize"
    }
   },
   {
    "box": {
     "id": "obj-70",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      800.0,
      260.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      606,
      582,
      94,
      30
     ],
     "name": "ear.button.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/playback/panic"
     ],
     "varname": "playback/panic"
    }
   },
   {
    "box": {
     "id": "obj-71",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      930.0,
      260.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      606,
      618,
      94,
      30
     ],
     "name": "ear.button.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/playback/tap"
     ],
     "varname": "playback/tap"
    }
   },
   {
    "box": {
     "id": "obj-72",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      1060.0,
      260.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      606,
      654,
      94,
      30
     ],
     "name": "ear.button.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/memory/keep"
     ],
     "varname": "memory/keep"
    }
   },
   {
    "box": {
     "id": "obj-73",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      1190.0,
      260.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      606,
      690,
      94,
      30
     ],
     "name": "ear.button.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/memory/back"
     ],
     "varname": "memory/back"
    }
   },
   {
    "box": {
     "id": "obj-74",
     "maxclass": "bpatcher",
     "numinlets": 0,
     "numoutlets": 0,
     "patching_rect": [
      20.0,
      310.0,
      120.0,
      40.0
     ],
     "presentation": 1,
     "presentation_rect": [
      606,
      726,
      94,
      30
     ],
     "name": "ear.button.maxpat",
     "bgmode": 0,
     "border": 0,
     "clickthrough": 0,
     "enablehscroll": 0,
     "enablevscroll": 0,
     "lockeddragscroll": 0,
     "viewvisibility": 1,
     "outlettype": [
      "float",
      "",
      ""
     ],
     "offset": [
      0.0,
      0.0
     ],
     "args": [
      "/ear/memory/dice"
     ],
     "varname": "memory/dice"
    }
   },
   {
    "box": {
     "id": "obj-75",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      1020.0,
      400.0,
      198.0,
      22.0
     ],
     "outlettype": [
      "",
      ""
     ],
     "text": "ear.stream /ear/summary/mean 30."
    }
   },
   {
    "box": {
     "id": "obj-76",
     "maxclass": "newobj",
     "numinlets": 1,
     "numoutlets": 1,
     "patching_rect": [
      1020.0,
      440.0,
      85.9,
      22.0
     ],
     "outlettype": [
      ""
     ],
     "text": "js ear.meter.js"
    }
   },
   {
    "box": {
     "id": "obj-77",
     "maxclass": "multislider",
     "numinlets": 1,
     "numoutlets": 2,
     "patching_rect": [
      1020.0,
      480.0,
      260.0,
      100.0
     ],
     "presentation": 1,
     "presentation_rect": [
      726,
      524,
      650,
      232
     ],
     "outlettype": [
      "",
      ""
     ],
     "size": 26,
     "setminmax": [
      0.0,
      1.0
     ],
     "setstyle": 1,
     "varname": "meters"
    }
   }
  ],
  "lines": [
   {
    "patchline": {
     "source": [
      "obj-3",
      0
     ],
     "destination": [
      "obj-5",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-5",
      0
     ],
     "destination": [
      "obj-2",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      0
     ],
     "destination": [
      "obj-6",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-6",
      0
     ],
     "destination": [
      "obj-2",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-2",
      0
     ],
     "destination": [
      "obj-7",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-7",
      0
     ],
     "destination": [
      "obj-8",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-7",
      1
     ],
     "destination": [
      "obj-10",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-10",
      0
     ],
     "destination": [
      "obj-9",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-7",
      2
     ],
     "destination": [
      "obj-11",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-11",
      0
     ],
     "destination": [
      "obj-9",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-7",
      3
     ],
     "destination": [
      "obj-12",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-12",
      0
     ],
     "destination": [
      "obj-9",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-13",
      0
     ],
     "destination": [
      "obj-14",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-14",
      1
     ],
     "destination": [
      "obj-15",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-15",
      0
     ],
     "destination": [
      "obj-16",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-17",
      0
     ],
     "destination": [
      "obj-18",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-18",
      1
     ],
     "destination": [
      "obj-19",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-18",
      3
     ],
     "destination": [
      "obj-20",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-24",
      0
     ],
     "destination": [
      "obj-25",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-25",
      1
     ],
     "destination": [
      "obj-26",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-24",
      1
     ],
     "destination": [
      "obj-26",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-26",
      0
     ],
     "destination": [
      "obj-27",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-27",
      0
     ],
     "destination": [
      "obj-25",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-29",
      0
     ],
     "destination": [
      "obj-30",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-30",
      1
     ],
     "destination": [
      "obj-31",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-29",
      1
     ],
     "destination": [
      "obj-31",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-31",
      0
     ],
     "destination": [
      "obj-32",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-32",
      0
     ],
     "destination": [
      "obj-30",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-75",
      0
     ],
     "destination": [
      "obj-76",
      0
     ],
     "order": 0
    }
   },
   {
    "patchline": {
     "source": [
      "obj-76",
      0
     ],
     "destination": [
      "obj-77",
      0
     ],
     "order": 0
    }
   }
  ],
  "dependency_cache": [],
  "autosave": 0
 }
}
