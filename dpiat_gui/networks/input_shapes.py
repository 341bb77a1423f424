"""Which inputs a network may take, guessed from what it says of itself and from its first layer."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.kinds import SCORED_KINDS, LayerKind
from dpiat_gui.networks.values import Layer

if TYPE_CHECKING:
    from torch import nn

Shape = tuple[int, ...]

_IMAGE_SIZES = (224, 256, 64, 32, 28)
_LENGTH = 16
_CONVOLUTION_RANKS = {LayerKind.CONV1D: 1, LayerKind.CONV2D: 2, LayerKind.CONV3D: 3}


def parse_input_size(value: str | int | float | bool) -> Shape:
    """Read the option ``input_size``: ``3x224x224``, ``224`` for an image's side, ``512`` by ``x``.

    Returns
    -------
    tuple of int
        The shape without the batch, or the side alone.

    Raises
    ------
    SourceError
        If it is no size.
    """
    parts = str(value).lower().replace("×", "x").replace(",", "x").split("x")
    if isinstance(value, bool) or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise SourceError(
            f"{value!r} is no size of an input.", "Write input_size=3x224x224: channels, height and width."
        )
    return tuple(int(part) for part in parts)


def input_shapes(module: "nn.Module", layers: Sequence[Layer], told: Shape = ()) -> list[Shape]:
    """Return shapes to try as the network's input, likeliest first, each with a batch of one.

    Parameters
    ----------
    module
        The network; timm's say their input size, and vision transformers hold theirs.
    layers
        Its leaves in registration order.
    told
        What a person said, see `parse_input_size`: then nothing else is tried.
    """
    first = next((layer for layer in layers if layer.weight and layer.kind in SCORED_KINDS["all"]), None)
    channels, rank = _channels(first)
    if told:
        return [(1, channels, *told * rank) if len(told) == 1 and rank > 1 else (1, *told)]
    found: list[Shape] = []
    if rank == 2:
        own = list(_own_sizes(module))
        found += [(1, channels, *size) for size in own]
        # Where something turns space into channels before the first convolution, images have three.
        found += [(1, 3, *size) for size in own]
        found += [(1, channels, side, side) for side in _IMAGE_SIZES]
    elif rank == 3:
        found += [(1, channels, _LENGTH, side, side) for side in (112, 224, 32)]
    elif rank == 1:
        found += [(1, channels, length) for length in (256, 1024, 16000)]
    elif first and first.kind is LayerKind.EMBEDDING:
        found.append((1, _LENGTH))
    else:
        found += [(1, channels), (1, _LENGTH, channels)]
    return list(dict.fromkeys(found))


def takes_numbers(layers: Sequence[Layer]) -> bool:
    """Tell whether the network looks its input up in a table: then it takes whole numbers."""
    first = next((layer for layer in layers if layer.weight and not layer.bare), None)
    return first is not None and first.kind is LayerKind.EMBEDDING


def _channels(first: Layer | None) -> tuple[int, int]:
    """Return the input channels the first layer with a weight takes, and the dimensions after them."""
    if first is None or first.shape is None:
        return 3, 2
    if first.kind in _CONVOLUTION_RANKS and len(first.shape) > 1:
        groups = first.attribute("groups")
        return first.shape[1] * (groups if isinstance(groups, int) else 1), _CONVOLUTION_RANKS[first.kind]
    if first.kind is LayerKind.LINEAR and len(first.shape) == 2:
        return first.shape[1], 0
    if first.kind is LayerKind.EMBEDDING:
        return 1, 0
    return (first.shape[0], 2) if first.kind is LayerKind.BATCH_NORM2D else (3, 2)


def _own_sizes(module: "nn.Module") -> Iterable[tuple[int, int]]:
    """Yield the image sizes that a model of timm names: how it was built, then how it was trained."""
    for part in (module, getattr(module, "patch_embed", None), getattr(module, "stem", None)):
        size = _pair(getattr(part, "img_size", None))
        if size:
            yield size
    config: Any = getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None)
    if config is None:
        config = getattr(getattr(module, "model", None), "pretrained_cfg", None)
    for name in ("input_size", "min_input_size"):
        known = config.get(name) if isinstance(config, dict) else getattr(config, name, None)
        if isinstance(known, tuple | list) and len(known) == 3:
            yield int(known[1]), int(known[2])


def _pair(value: Any) -> tuple[int, int] | None:
    if isinstance(value, int) and value > 0:
        return value, value
    if isinstance(value, tuple | list) and len(value) == 2 and all(isinstance(part, int) for part in value):
        return int(value[0]), int(value[1])
    return None
