"""An ear on disk: a folder with ``config.yaml``, ``weights.safetensors`` and ``card.md``. Never a pickle."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from ear_engine.ear.network import Ear, EarConfig
from ear_engine.ear_files import CONFIG, WEIGHTS, check_weights
from ear_engine.errors import UserError
from ear_engine.whole_files import replacing
from ear_engine.yaml_files import build, load_yaml


@dataclass(frozen=True)
class EarFile:
    """``config.yaml`` of an ear: its name, one line about it, the plug-in that loads it, and its shape."""

    name: str
    description: str = ""
    kind: str = "cpc"
    shape: EarConfig = dataclasses.field(default_factory=EarConfig)


def load_config(folder: Path) -> EarFile:
    """Read an ear's ``config.yaml``.

    Raises:
        UserError: no such folder, or an unknown key, a wrong type or a value out of range in it.
    """
    if not folder.is_dir():
        raise UserError(f"ear {str(folder)!r}", "does not exist", "see `ear-engine ears`", "not_found")
    file = build(EarFile, load_yaml(folder / CONFIG), str(folder / CONFIG))
    check_shape(file.shape, str(folder / CONFIG))
    return file


def check_shape(shape: EarConfig, where: str) -> None:
    """Refuse a shape that no ear can have.

    Raises:
        UserError: a value is out of range; ``where`` says whose.
    """
    sound = shape.scalogram
    least = {"width": 1e-3, "predictions": 1, "skip": 0}
    least_sound = {"sample_rate": 1000, "bins": 1, "bins_per_octave": 1, "f_min": 1.0, "q": 1.0, "hop": 1}
    for part, limits in ((shape, least), (sound, {**least_sound, "frame_multiple": 1})):
        for name, low in limits.items():
            if getattr(part, name) < low:
                raise UserError(f"{where}: {name}", f"is {getattr(part, name)}", f"use {low} or more", "out_of_range")
    _check_blocks(shape, where)
    if sound.frequencies()[-1] >= sound.sample_rate / 2:
        reason = f"put the top bin at {sound.frequencies()[-1]:.0f} Hz, above half the sample rate"
        raise UserError(f"{where}: bins, bins_per_octave and f_min", reason, "use fewer bins", "out_of_range")


def _check_blocks(shape: EarConfig, where: str) -> None:
    bins = shape.scalogram.bins
    for block in shape.encoder:
        for number, (time, frequency) in enumerate((block.conv1, block.conv2)):
            bins += 1 - frequency + (2 * block.pad if frequency == 3 else 0)
            bins //= max(1, block.pool) if number == 0 else 1
            if min(time, frequency, block.channels, block.pool, block.pad + 1, bins) < 1:
                reason = f"has a block that leaves no bins, or a size below 1 ({block})"
                raise UserError(f"{where}: encoder", reason, "use more bins or smaller kernels", "out_of_range")
    if any(min(block.channels, block.kernel, block.pool) < 1 for block in shape.autoregressive):
        raise UserError(f"{where}: autoregressive", "has a size below 1", "use 1 or more", "out_of_range")


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and text metadata of a safetensors file.

    Raises:
        UserError: missing, truncated, or another format (a pickle, for instance, which is never opened).
    """
    check_weights(path)
    try:
        with safe_open(str(path), framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise UserError(
            str(path), f"is not a whole safetensors file ({error})", "copy or train it again", "bad_checkpoint"
        ) from None


def write_tensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file under a temporary name, then rename it: a kill leaves the old file or the new one.

    Raises:
        UserError: it cannot be written (a full disk, say); the old file stays.
    """
    content = save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, metadata)
    with replacing(path) as file:
        file.write(content)


def load_weights(ear: Ear, tensors: dict[str, Tensor], where: str) -> None:
    """Put ``tensors`` into ``ear``, converted to its precision.

    Raises:
        UserError: they belong to a network of another shape; the first difference is named.
    """
    own = ear.state_dict()
    missing, extra = sorted(own.keys() - tensors.keys()), sorted(tensors.keys() - own.keys())
    different = [name for name in own if name in tensors and own[name].shape != tensors[name].shape]
    if missing or extra or different:
        name = (missing or extra or different)[0]
        if missing or extra:
            reason = f"belongs to another network ({'has no' if missing else 'has an unknown'} {name})"
        else:
            reason = (
                f"belongs to another network ({name} is {tuple(tensors[name].shape)}, not {tuple(own[name].shape)})"
            )
        raise UserError(where, reason, "use the config.yaml it was trained with", "bad_checkpoint")
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise UserError(where, f"has values that are not finite in {name}", "train it again", "bad_checkpoint")
    ear.load_state_dict(tensors)


def load_ear(folder: Path) -> Ear:
    """Load an ear for listening (evaluation mode).

    Raises:
        UserError: anything about the folder that cannot be used.
    """
    ear = Ear(load_config(folder).shape)
    tensors, _ = read_tensors(folder / WEIGHTS)
    load_weights(ear, tensors, str(folder / WEIGHTS))
    return ear.eval()


def save_ear(ear: Ear, folder: Path, name: str, description: str, *, half: bool = True) -> None:
    """Write ``config.yaml`` and ``weights.safetensors`` (float16 if ``half``); a card already there stays."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = json.loads(json.dumps(dataclasses.asdict(ear.config)))  # tuples as lists
    for part in ("encoder", "autoregressive"):  # the paper's go without saying
        if getattr(ear.config, part) == getattr(EarConfig(), part):
            del shape[part]
    text = yaml.safe_dump({"name": name, "description": description, "shape": shape}, sort_keys=False)
    with replacing(folder / CONFIG) as file:
        file.write(text.encode())
    tensors = {
        key: value.half() if half and value.is_floating_point() else value for key, value in ear.state_dict().items()
    }
    write_tensors(folder / WEIGHTS, tensors, {"ear": name})
