"""What streams are called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PLAYHEAD = "/ear/playhead"
OBJECTIVE = "/ear/objective"
MEAN = "/ear/summary/mean"
MAX = "/ear/summary/max"
ENERGY = "/ear/summary/energy"
SURPRISE = "/ear/summary/surprise"
SUMMARIES: Mapping[str, str] = MappingProxyType({MEAN: "mean", MAX: "max", ENERGY: "energy", SURPRISE: "surprise"})
"""Address → field of :class:`ear_engine.osc.frames.Summary`."""
ACTIVATION = "/ear/activation/"
RANK = "/ear/rank/"
TOP = "/ear/top/"
REGION = "/ear/region/"
LISTEN = "/ear/listen/"
LIVE_SURPRISE = "/ear/listen/surprise"
LIVE_SUMMARIES: Mapping[str, str] = MappingProxyType(
    {f"/ear/listen/summary/{word}": word for word in SUMMARIES.values()}
)
LIVE_ACTIVATION = "/ear/listen/activation/"
LIVE_RANK = "/ear/listen/rank/"
ALL = "all"
"""Instead of a layer: the whole network, in index order."""
POSITIONS = "/ear/map/positions"
HEARTBEAT = "/ear/heartbeat"
LOOP = "/ear/loop"
EVENT = "/ear/event"
AIM = "/ear/aim"
BEAT = "/ear/beat"
TAKE = "/ear/source/take"
EVENTS = (LOOP, EVENT, AIM, BEAT, TAKE)
