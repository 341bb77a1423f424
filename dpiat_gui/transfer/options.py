"""Options of a transfer: one value that the window, the command line, the plan and the project hold."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from dpiat_gui.errors import TransferError

CHOICES: Mapping[str, tuple[str, ...]] = {
    "align": ("paper", "structure"),
    "head": ("auto", "zero", "copy"),
    "neck": ("auto", "keep", "zero-bias", "fresh"),
}
"""What the options that have a few choices can be."""

TITLES: Mapping[str, str] = {
    "operator": "operator",
    "buffers": "running statistics",
    "repeats": "identity for repeated blocks",
    "squeeze_excite": "open squeeze-excites",
    "head": "classifier",
    "neck": "last norm",
    "calibrate": "images to calibrate on",
    "align": "alignment",
}
"""What a person knows each option as, in the middle of a sentence."""


LEAST_DEVICE_MEMORY = 1 << 20
"""The least that a device is of any use with, in bytes."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How a checkpoint is written; none of it changes a tensor.

    Parameters
    ----------
    max_shard_size
        Bytes of tensors in one file; more go into shards with an index. None for one file.
    max_device_memory
        Bytes that the transfer takes of the device's memory at most; None for what is usual.
    manifest
        Whether a record of all that went into it is written beside it.

    Raises
    ------
    TransferError
        If a size is too small.
    """

    max_shard_size: int | None = None
    max_device_memory: int | None = None
    manifest: bool = False

    def __post_init__(self) -> None:
        for name, least in (("max_shard_size", 1), ("max_device_memory", LEAST_DEVICE_MEMORY)):
            value = getattr(self, name)
            if value is not None and value < least:
                what = name.replace("_", " ")
                raise TransferError(f"A {what} of {value:,} bytes is too small.", f"Allow {least:,} bytes.")


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """Options of a transfer; every field is plain JSON.

    Parameters
    ----------
    operator
        How a pair of tensors is cut to fit, see `dpiat_gui.transfer.operators`; ``clip`` is the paper's
        centre crop.
    buffers
        Whether running statistics are copied with the weights.
    repeats
        Whether every block with an identity skip, but the first that a source block serves, begins
        as identity, and so those without a source: weight and bias of its last norm are 0.
    squeeze_excite
        Whether a squeeze-excite in a block whose source block has none begins open: the weight of its
        second convolution is 0, the bias 4.
    head
        The classifier. ``copy``: as every layer; ``zero``: weight and bias 0; ``auto``: zero where
        source and target have different numbers of classes.
    neck
        What stands before a classifier that was zeroed. ``keep``: as every layer; ``zero-bias``: the
        last norm's bias is 0; ``auto``: that, unless the source covers the norm wholly; ``fresh``:
        that norm and the convolution before it keep the target's own initialisation.
    calibrate
        Folder of images on which the statistics of every batch norm are estimated anew after the
        transfer; empty for none.
    align
        ``paper``: every tensor is cut to its centre. ``structure``: inside groups, the parts of a
        concatenation and the places of a flattened map, so that channels keep their place.

    Raises
    ------
    TransferError
        If `align`, `head` or `neck` is none of its choices.
    """

    operator: str = "clip"
    buffers: bool = True
    repeats: bool = False
    squeeze_excite: bool = False
    head: str = "copy"
    neck: str = "keep"
    calibrate: str = ""
    align: str = "paper"

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise TransferError(
                    f"The transfer option {name} cannot be {getattr(self, name)!r}.",
                    f"Use one of: {', '.join(choices)}.",
                )

    def to_json(self) -> dict[str, Any]:
        """Return the options as plain JSON, in the order of the fields."""
        return {name: getattr(self, name) for name in OPTION_NAMES}

    @classmethod
    def from_json(cls, data: Any) -> "TransferOptions":
        """Read options; those left out have their defaults.

        Raises
        ------
        TransferError
            If an option is unknown or of the wrong type; the message names it.
        """
        if not isinstance(data, Mapping):
            raise _bad(f"Transfer options should be an object, not {type(data).__name__}.")
        unknown = sorted(set(data) - set(OPTION_NAMES))
        if unknown:
            raise _bad(f"There is no transfer option named {unknown[0]!r}.")
        for name, value in data.items():
            wanted = type(getattr(_DEFAULTS, name))
            if type(value) is not wanted:
                raise _bad(f"The transfer option {name} should be of type {wanted.__name__}, not {value!r}.")
        return cls(**data)


_DEFAULTS = TransferOptions()
OPTION_NAMES = tuple(item.name for item in fields(TransferOptions))
"""Names of the options, in their order."""

# The paper moves weights and biases alone: the target then keeps its own running statistics, and
# nothing is done beside the copying. Plain `TransferOptions()` stand between the two presets.
TRANSFER_PRESETS: dict[str, TransferOptions] = {
    "paper": TransferOptions(buffers=False),
    "recommended": TransferOptions(repeats=True, squeeze_excite=True, head="auto", neck="auto"),
}
"""Options of a transfer by preset."""


def transfer_options(preset: str = "recommended", **named: Any) -> TransferOptions:
    """Return the options of `preset`, with any named option that is not None put in its place.

    Raises
    ------
    TransferError
        If there is no such preset or option.
    """
    if preset not in TRANSFER_PRESETS:
        raise TransferError(
            f"There is no preset named {preset!r}.", f"Use one of: {', '.join(TRANSFER_PRESETS)}."
        )
    return with_options(TRANSFER_PRESETS[preset], **named)


def with_options(options: TransferOptions, **named: Any) -> TransferOptions:
    """Return `options` with any named option that is not None put in its place.

    Raises
    ------
    TransferError
        If there is no such option.
    """
    unknown = sorted(set(named) - set(OPTION_NAMES))
    if unknown:
        raise _bad(f"There is no transfer option named {unknown[0]!r}.")
    return replace(options, **{name: value for name, value in named.items() if value is not None})


def _bad(message: str) -> TransferError:
    return TransferError(message, f"Use: {', '.join(OPTION_NAMES)}.")
