"""Options of a transfer by preset."""

from dataclasses import dataclass, fields
from typing import Any

from dpiat_gui.errors import TransferError


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """Options of a transfer.

    Parameters
    ----------
    operator
        How a pair of tensors is cut to fit; ``clip`` is the paper's centre crop.
    buffers
        Whether running statistics are copied with the weights.
    """

    operator: str = "clip"
    buffers: bool = True


# The paper moves weights and biases alone: the target then keeps its own running statistics.
TRANSFER_PRESETS: dict[str, TransferOptions] = {
    "paper": TransferOptions(buffers=False),
    "recommended": TransferOptions(),
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
    base = TRANSFER_PRESETS[preset]
    values = {field.name: getattr(base, field.name) for field in fields(base)}
    unknown = set(named) - set(values)
    if unknown:
        raise TransferError(
            f"There is no transfer option named {sorted(unknown)[0]!r}.", f"Use: {', '.join(values)}."
        )
    return TransferOptions(**(values | {name: value for name, value in named.items() if value is not None}))
