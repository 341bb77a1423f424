"""What the Tensors pane shows: one tensor in its three states, as the engine answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import EngineError
from dpiat_gui.networks.titles import format_shape
from dpiat_gui.networks.values import Layer
from dpiat_gui.transfer.values import PlanRow

if TYPE_CHECKING:
    import numpy as np

TITLES = {
    "source": "source",
    "before": "target before",
    "after": "target after",
    "difference": "after − before",
}
STATISTICS = (
    ("mean", "mean", "Mean of all elements"),
    ("std", "std", "Standard deviation; divides by one less than the number of elements, as torch.std"),
    ("low", "min", "Smallest element"),
    ("high", "max", "Largest element"),
    ("rms", "rms", "Root mean square"),
    ("zeros", "zeros", "Number of elements that are exactly 0"),
    ("not_a_number", "NaN", "Number of elements that are not a number"),
    ("infinite", "infinite", "Number of elements that are infinite"),
)
"""Field, title and meaning of each row of the table."""
_SELDOM = ("not_a_number", "infinite")


@dataclass(frozen=True)
class Variant:
    """One tensor.

    Parameters
    ----------
    name
        ``source``, ``before``, ``after`` or ``difference``.
    shape, dtype
        Of the whole tensor.
    statistics
        Of all elements, by the names of `STATISTICS`.
    histogram
        Elements by part of the common range; None for the difference.
    layout, shown, of
        Of the picture; see `dpiat_gui.transfer.tensor_statistics.Picture`.
    values
        The picture's values.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    statistics: Mapping[str, float | None]
    histogram: tuple[int, ...] | None
    layout: str
    shown: tuple[int, ...]
    of: tuple[int, ...]
    values: "np.ndarray[Any, Any]" = field(repr=False)

    @property
    def title(self) -> str:
        """Name and shape: ``source · 80 × 480 × 1 × 1``."""
        shape = format_shape(self.shape) or "one value"
        return f"{TITLES[self.name]} · {shape}"

    @property
    def channels(self) -> int:
        """Channels to choose from; 1 where there is nothing to choose."""
        return self.shown[1] if self.layout == "filters" else 1


@dataclass(frozen=True)
class TensorView:
    """All there is to show.

    Parameters
    ----------
    variants
        In order.
    range
        Of the histograms.
    reach
        Value at the end of the colours.
    notes
        What a person should know, one sentence each.
    """

    variants: tuple[Variant, ...]
    range: tuple[float, float]
    reach: float
    notes: tuple[str, ...] = ()

    def variant(self, name: str) -> Variant | None:
        """Return one of the variants, None if there is none of that name."""
        return next((one for one in self.variants if one.name == name), None)


def read_answer(answer: Mapping[str, Any]) -> TensorView:
    """Return the view of an answer to ``tensor``; its files are read.

    Raises
    ------
    EngineError
        If the answer makes no sense, or a file is gone or damaged.
    """
    import numpy as np

    try:
        variants = tuple(
            Variant(
                name=str(one["name"]),
                shape=tuple(one["shape"]),
                dtype=str(one["dtype"]),
                statistics=dict(one["statistics"]),
                histogram=None if one["histogram"] is None else tuple(one["histogram"]),
                layout=str(one["layout"]),
                shown=tuple(one["shown"]),
                of=tuple(one["of"]),
                values=np.load(Path(one["file"]), allow_pickle=False),
            )
            for one in answer["variants"]
        )
        low, high = answer["range"]
        return TensorView(variants, (float(low), float(high)), float(answer["reach"]), tuple(answer["notes"]))
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise EngineError(f"The tensor could not be shown: {error}.", "Select the layer again.") from error


def tensor_names(source: Layer | None, target: Layer | None) -> tuple[str, ...]:
    """Return the names of two layers' tensors, the target's first."""
    found = [tensor.name for layer in (target, source) if layer for tensor in layer.tensors]
    return tuple(dict.fromkeys(found))


def keys_of(
    name: str, source: Layer | None, target: Layer | None, row: PlanRow | None
) -> tuple[str | None, str | None]:
    """Return the state-dict keys of the tensors of a name: of the source, and of the target.

    The source's is the one that the plan takes from, else the one of the same name.
    """
    keys = [
        next((tensor.key for tensor in layer.tensors if tensor.name == name), None) if layer else None
        for layer in (source, target)
    ]
    if row is not None and row.source is not None:
        keys[0] = row.source
    return keys[0], keys[1]


def source_channel(channel: int, row: PlanRow | None) -> int | None:
    """Return the source's channel that a channel of the target takes from; None if it takes none."""
    if row is None or row.source is None:
        return channel
    if len(row.target_indices) < 2:
        return channel
    sources, targets = row.source_indices[1], row.target_indices[1]
    places: Sequence[int] = targets
    return sources[places.index(channel)] if channel in places else None


def statistic_rows(view: TensorView) -> tuple[tuple[str, str, str], ...]:
    """Return field, title and meaning of the rows worth showing: what never occurs is left out."""
    return tuple(
        (name, title, tip)
        for name, title, tip in STATISTICS
        if name not in _SELDOM or any(one.statistics.get(name) for one in view.variants)
    )


def number(value: float | None) -> str:
    """Return a statistic with four digits."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}".replace("-", "−")
