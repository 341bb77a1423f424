"""Images of a person's folder, as batches that a network takes."""

import os
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import Cancelled, TransferError
from dpiat_gui.networks.input_shapes import Shape, input_shapes
from dpiat_gui.networks.module_blocks import leaf_layers

if TYPE_CHECKING:
    from torch import Tensor, nn

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"))
# Of the formats that Pillow knows, some run other programs: PostScript does, under any ending.
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
_MOST_PIXELS = 100_000_000
"""Of one image: a larger one takes more memory than any photograph should."""
_MODES = {1: "L", 3: "RGB"}
_LARGEST_BATCH, _SMALLEST_BATCH = 64, 4
_PIXELS = 32 * 224 * 224
"""Pixels of a batch: what fits memory and is enough for a batch's own statistics."""


def find_images(folder: Path, check: Callable[[], None] = lambda: None) -> tuple[list[Path], list[str]]:
    """Return the images in a folder and in those below it, sorted by their names.

    Links to folders are not followed, and hidden files left out.

    Parameters
    ----------
    folder
        Where to look.
    check
        Called for every folder; what it raises ends the search.

    Returns
    -------
    tuple
        The images, and the folders that could not be read, each with the reason.

    Raises
    ------
    TransferError
        If there is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise TransferError(f"There is no folder {folder}.", "Choose a folder of images.")
    closed: list[str] = []
    found: list[Path] = []

    def complain(error: OSError) -> None:
        closed.append(f"{error.filename}: {error.strerror or error}")

    for place, folders, files in os.walk(folder, onerror=complain):
        check()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [
            Path(place, name)
            for name in files
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")
        ]
    if not found:
        raise TransferError(f"{folder} holds no images.", f"Images end in {', '.join(sorted(SUFFIXES))}.")
    return sorted(found, key=lambda file: file.relative_to(folder).as_posix()), closed


@dataclass(frozen=True)
class Preparation:
    """How an image becomes an input: as the network's own training had it, where that is known.

    Parameters
    ----------
    size
        Channels, height and width.
    mean, std
        Of each channel, to normalize by.
    interpolation, crop_pct, crop_mode
        How timm cuts an image to size.
    known
        Whether the network says so itself; otherwise it is what most networks are trained with.
    """

    size: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    crop_pct: float
    crop_mode: str
    known: bool

    @property
    def batch(self) -> int:
        """Images in a batch: as many as a common amount of memory takes at this size."""
        fitting = _PIXELS // (self.size[1] * self.size[2])
        return max(_SMALLEST_BATCH, min(_LARGEST_BATCH, fitting))

    @property
    def text(self) -> str:
        """Size and normalization, for a report."""
        return " × ".join(map(str, self.size))

    def transform(self) -> Callable[[Any], "Tensor"]:
        """Return what makes a tensor of an image of PIL."""
        from timm.data import create_transform

        made: Callable[[Any], Tensor] = create_transform(
            self.size,
            interpolation=self.interpolation,
            mean=self.mean,
            std=self.std,
            crop_pct=self.crop_pct,
            crop_mode=self.crop_mode,
        )
        return made


def preparation(
    module: "nn.Module",
    told: Shape = (),
    check: Callable[[], None] = lambda: None,
    device: str = "cpu",
) -> Preparation:
    """Find out what images a network takes.

    Parameters
    ----------
    module
        The network, in float32; it is run on one empty image.
    told
        Input size that a person named, see `dpiat_gui.networks.input_shapes.parse_input_size`.
    check
        Called between tries; what it raises ends them.
    device
        Where the network is.

    Raises
    ------
    TransferError
        If it takes no images, or none of the likely sizes.
    """
    return prepared_for(module, _fitting_size(module, told, check, device))


def prepared_for(module: "nn.Module", size: tuple[int, int, int]) -> Preparation:
    """Say how images become inputs of a size, channels first, that a network is known to take."""
    from timm.data import resolve_data_config

    config: Any = getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None)
    known = isinstance(config, dict) and "mean" in config
    # What timm knows nothing of is given ImageNet's mean and spread, and cut without enlarging: small
    # inputs would lose what little there is.
    resolved = resolve_data_config({}, pretrained_cfg=config if known else {"crop_pct": 1.0})
    mean, std = (_per_channel(resolved[name], size[0]) for name in ("mean", "std"))
    return Preparation(
        size,
        mean,
        std,
        str(resolved["interpolation"]),
        float(resolved["crop_pct"]),
        str(resolved["crop_mode"]),
        known,
    )


def _fitting_size(
    module: "nn.Module", told: Shape, check: Callable[[], None], device: str
) -> tuple[int, int, int]:
    """Return the first likely size of an image that the network runs on."""
    import torch

    from dpiat_gui.networks.torch_modules import tree_of

    shapes = [
        shape for shape in input_shapes(module, leaf_layers(tree_of(module).root), told) if len(shape) == 4
    ]
    shapes = [shape for shape in shapes if shape[1] in _MODES]
    if not shapes:
        raise TransferError(
            "The target takes no images of one or three channels, so it cannot be calibrated on images.",
            "Leave calibration off.",
        )
    failure: Exception | None = None
    module.eval()
    for shape in shapes:
        check()
        try:
            with torch.no_grad():
                module(torch.zeros(shape, device=device))
        except Cancelled:
            raise
        except Exception as error:  # a network's own code may raise anything
            failure = failure or error
        else:
            return (shape[1], shape[2], shape[3])
    raise TransferError(
        f"The target does not run on images: {_first_line(failure).rstrip('.')}.",
        "Name the size of its input in its reference: ?input_size=3x224x224.",
    ) from failure


def _per_channel(values: Sequence[float], channels: int) -> tuple[float, ...]:
    if len(values) == channels:
        return tuple(float(value) for value in values)
    return (float(sum(values) / len(values)),) * channels


def _first_line(error: Exception | None) -> str:
    lines = [line.strip() for line in str(error or "").splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]


class ImageBatches:
    """Reads images in an order drawn by lot and hands them out in batches of two or more.

    Files of one class often lie in one folder: in their own order a batch would show one class only.

    Parameters
    ----------
    files
        The images, in a fixed order.
    prepared
        How they become inputs.
    most
        How many are wanted; what cannot be read is made up for by others.
    seed
        Of the lots.

    Attributes
    ----------
    unreadable
        Files that could not be read, each with the reason.
    """

    def __init__(self, files: Sequence[Path], prepared: Preparation, most: int, seed: int = 0) -> None:
        self._files = list(files)
        random.Random(seed).shuffle(self._files)
        self._prepared = prepared
        self._most = most
        self.unreadable: list[str] = []

    def __len__(self) -> int:
        """Return how many images there will be at the most."""
        return min(self._most, len(self._files))

    def __iter__(self) -> Iterator["Tensor"]:
        """Yield batches, shape (images, channels, height, width), each of two images or more.

        Raises
        ------
        TransferError
            If fewer than two images can be read.
        """
        import torch

        waiting: list[Tensor] = []
        size = self._prepared.batch
        seen = 0
        for image in self._read():
            waiting.append(image)
            seen += 1
            # One image alone has no spread: two stay back until it is known that more follow.
            if len(waiting) == size + 2:
                yield torch.stack(waiting[:size])
                del waiting[:size]
        if seen < 2:
            raise TransferError(
                f"The folder holds {seen or 'no'} readable {'image' if seen == 1 else 'images'}; "
                "two are needed at the least.",
                "Choose another folder, or go without images.",
            )
        yield torch.stack(waiting)

    def _read(self) -> Iterator["Tensor"]:
        transform = self._prepared.transform()
        mode = _MODES[self._prepared.size[0]]
        self.unreadable = []
        read = 0
        for file in self._files:
            if read == self._most:
                return
            image = self._open(file, mode)
            if image is not None:
                yield transform(image)
                read += 1

    def _open(self, file: Path, mode: str) -> Any:
        """Return an image of PIL, None where the file holds none that can be read."""
        try:
            return read_image(file, mode)
        except (OSError, ValueError, SyntaxError, EOFError) as error:
            reason = _first_line(error)
            self.unreadable.append(f"{file.name}: {reason.replace(str(file), file.name)}")
            return None


def read_image(file: Path, mode: str) -> Any:
    """Return the image of PIL that a file holds, in a mode such as ``RGB``.

    Raises
    ------
    OSError, ValueError, SyntaxError, EOFError
        If it holds none that can be read, or one too large.
    """
    from PIL import Image

    # A pipe would be waited for.
    if not file.is_file():
        raise ValueError("no file")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(file, formats=_FORMATS) as opened:
                width, height = opened.size
                if width * height > _MOST_PIXELS:
                    raise ValueError(f"{width:,} × {height:,} pixels are too many")
                return opened.convert(mode)
        except Image.DecompressionBombError as error:
            raise ValueError("it has too many pixels") from error
