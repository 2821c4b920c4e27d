"""Several processes as one: what each rank knows, gathering with gradients, normalization over the whole batch.

One batch is divided among the ranks; codes are gathered so that each excerpt is contrasted with all others, and moments
are summed over ranks. Gradients then add up to those of one process with the whole batch, exactly but for rounding.
"""

from __future__ import annotations

import gc
import hashlib
import importlib
import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from ear_engine.errors import UserError


@dataclass(frozen=True)
class Ranks:
    """This process among ``size``."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this rank writes files and talks."""
        return self.rank == 0

    def own(self, batch: int) -> slice:
        """The rows of a batch of this rank.

        Raises:
            UserError: the batch cannot be divided.
        """
        if batch % self.size:
            reason = f"is {batch}, which {self.size} processes cannot share evenly"
            raise UserError("recipe: batch", reason, f"use a multiple of {self.size}", "out_of_range")
        part = batch // self.size
        return slice(self.rank * part, (self.rank + 1) * part)

    def agree(self, what: str, value: object) -> None:
        """Make sure that ``value`` is the same everywhere.

        Raises:
            UserError: it is not, on every rank, before anything long begins.
        """
        if self.size == 1:
            return
        mine = hashlib.sha256(repr(value).encode()).hexdigest()[:16]
        everyone: list[Any] = [None] * self.size
        dist.all_gather_object(everyone, mine)
        others = [rank for rank, digest in enumerate(everyone) if digest != everyone[0]]
        if others:
            reason = f"differs between rank 0 and rank {', '.join(map(str, others))}"
            raise UserError(what, reason, "start all ranks with the same files and options", "ranks_disagree")

    @contextmanager
    def together(self) -> Iterator[None]:
        """A block that fails on all ranks if it fails on one; ranks do not communicate inside it.

        Raises:
            UserError: raised in this rank's block, or in that of the lowest rank that failed.
        """
        refused: UserError | None = None
        try:
            yield
        except UserError as error:
            refused = error
        if self.size > 1:
            everyone: list[Any] = [None] * self.size
            mine = refused and (refused.subject, refused.reason, refused.mend, refused.code)
            dist.all_gather_object(everyone, mine)
            for rank, theirs in enumerate(everyone):
                if theirs is not None and refused is None:
                    raise UserError(f"rank {rank}: {theirs[0]}", *theirs[1:])
        if refused is not None:
            raise refused

    def mean(self, value: Tensor) -> Tensor:
        """Mean over ranks, element by element, without gradient."""
        if self.size > 1:
            value = value.detach().clone()
            dist.all_reduce(value)
            value /= self.size
        return value


@contextmanager
def joined(device: str) -> Iterator[tuple[Ranks, str]]:
    """Join the other ranks if ``torchrun`` started this process.

    Args:
        device: ``cpu`` or ``cuda``; of several GPUs each rank takes its own.

    Yields:
        The ranks, and the device of this one.

    Raises:
        UserError: there are fewer GPUs than ranks, or ranks cannot join here.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size < 2:
        yield Ranks(), device
        return
    if not dist.is_available():
        raise UserError("this PyTorch", "cannot join several processes", "start one, without torchrun", "no_ranks")
    if device == "mps":
        raise UserError(
            "device 'mps'", "takes one process", "start it without torchrun, or use --device cpu", "no_ranks"
        )
    if device == "cuda":
        local = int(os.environ.get("LOCAL_RANK", "0"))
        if local >= torch.cuda.device_count():
            reason = f"has no GPU of its own: there are {torch.cuda.device_count()}"
            mend = "start fewer ranks (--nproc-per-node)"
            raise UserError(f"rank {local} of this machine", reason, mend, "no_device")
        device = f"cuda:{local}"
        torch.cuda.set_device(local)
    # Loaded later, modules would keep the group as a default argument; then its threads outlive it, and one that is
    # still busy when Python ends aborts the process.
    importlib.import_module("torch._dynamo")
    dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size()), device
    finally:
        gc.collect()  # networks that were distributed hold the group too, in cycles
        dist.destroy_process_group()


class _Gather(torch.autograd.Function):
    """All ranks' tensors side by side along an axis; the gradient of one's own part is the sum over ranks."""

    @staticmethod
    def forward(ctx: Any, part: Tensor, axis: int, rank: int, size: int) -> Tensor:
        ctx.place = (axis, rank * part.shape[axis], part.shape[axis])
        part = part.contiguous()
        parts = [torch.empty_like(part) for _ in range(size)]
        dist.all_gather(parts, part)
        return torch.cat(parts, dim=axis)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        gradient = gradients[0].contiguous()
        dist.all_reduce(gradient)
        return gradient.narrow(*ctx.place), None, None, None


def gather(part: Tensor, axis: int, ranks: Ranks) -> Tensor:
    """All ranks' ``part`` joined along ``axis`` in the order of ranks, with gradients."""
    if ranks.size == 1:
        return part
    whole: Tensor = _Gather.apply(part, axis, ranks.rank, ranks.size)  # type: ignore[no-untyped-call]
    return whole


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        value = value.clone()
        dist.all_reduce(value)
        return value

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        gradient = gradients[0].clone()
        dist.all_reduce(gradient)
        return gradient


class _SynchronizedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch normalization over all ranks with any backend; ``torch.nn.SyncBatchNorm`` is for GPUs alone."""

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 3:
            raise ValueError(f"expected (batch, channels, …, time), got {tuple(input.shape)}")

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or self.running_mean is None or self.running_var is None:
            return super().forward(input)
        wide = input.to(torch.promote_types(input.dtype, torch.float32))
        over = [0, *range(2, wide.dim())]
        count = wide.numel() // wide.shape[1] * dist.get_world_size()
        shape = (1, -1) + (1,) * (wide.dim() - 2)
        mean: Tensor = _Sum.apply(wide.sum(over)) / count  # type: ignore[no-untyped-call]
        centered = wide - mean.view(shape)
        variance: Tensor = _Sum.apply(centered.square().sum(over)) / count  # type: ignore[no-untyped-call]
        with torch.no_grad():
            momentum = self.momentum or 0.1
            self.running_mean.lerp_(mean, momentum)
            self.running_var.lerp_(variance * count / max(1, count - 1), momentum)
            if self.num_batches_tracked is not None:
                self.num_batches_tracked.add_(1)
        out = centered * torch.rsqrt(variance + self.eps).view(shape)
        return (out * self.weight.view(shape) + self.bias.view(shape)).to(input.dtype)


def distribute(step: nn.Module, device: torch.device) -> nn.Module:
    """``step`` with its gradients averaged over ranks; its buffers are the same everywhere without being sent."""
    kind = nn.parallel.DistributedDataParallel
    unsent = {"forward_sync_buffers", "broadcast_buffers"} & set(inspect.signature(kind).parameters)
    options: dict[str, Any] = {max(unsent): False}  # the second is its name before PyTorch 2.13
    return kind(step, device_ids=[device] if device.type == "cuda" else None, **options)


def synchronize(network: nn.Module, ranks: Ranks) -> nn.Module:
    """``network`` with its batch normalizations over all ranks; the names and values of its state stay."""
    if ranks.size == 1:
        return network
    if next(network.parameters()).is_cuda:
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return converted
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d):
                norm = _SynchronizedBatchNorm(child.num_features, child.eps, child.momentum)
                norm.weight, norm.bias = child.weight, child.bias  # the optimizer's own
                norm.running_mean, norm.running_var = child.running_mean, child.running_var
                norm.num_batches_tracked = child.num_batches_tracked
                setattr(module, name, norm.train(child.training))
    return network
