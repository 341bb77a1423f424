"""Magnitudes of a source's channels, for operators that go by them: what of planning reads weights."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.values import Layer
from dpiat_gui.transfer.copying import find_tensor
from dpiat_gui.transfer.structure import TRANSPOSED, groups_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    Norms = NDArray[np.float64]

CHUNK = 2**22
"""Elements that are looked at in one go: a weight of any size takes little memory."""
MANY = 16
"""Elements of a kernel from which on its sum is made in one call."""


class Magnitudes:
    """Sums of the absolute values of a source's weights, layer by layer.

    Parameters
    ----------
    read
        Gives the source's tensor of a state-dict key.
    layers
        The source's layers by path.

    Notes
    -----
    The sums are made in float64 by NumPy in one thread, so that one machine's choice is the other's.
    """

    def __init__(self, read: "Callable[[str], Tensor]", layers: Mapping[str, Layer]) -> None:
        self._read = read
        self._layers = layers
        self._last: tuple[str, Norms] | None = None

    def outputs(self, path: str) -> "Norms":
        """Return one number for each channel that a layer gives."""
        found: Norms = self.matrix(path).sum(axis=1)
        return found

    def matrix(self, path: str) -> "Norms":
        """Return the sums of a layer's weight.

        Returns
        -------
        NDArray
            ``(outputs, inputs)`` of a conv, linear or input projection, the inputs those of one group;
            of a grouped transposed convolution all inputs, each in its own group alone (0 elsewhere);
            ``(channels, 1)`` of a norm, ``(width, rows)`` of an embedding.

        Raises
        ------
        TransferError
            If the source is not the one that was matched.
        """
        if self._last is None or self._last[0] != path:
            self._last = (path, self._summed(self._layers[path]))
        return self._last[1]

    def _summed(self, layer: Layer) -> "Norms":
        assert layer.weight is not None
        weight = find_tensor(self._read, layer.weight.key, layer.weight.shape, "source").detach()
        sums = _absolute_sums(weight)
        if layer.kind is LayerKind.EMBEDDING:
            return sums.T
        if layer.kind not in TRANSPOSED:
            return sums
        groups = groups_of(layer)
        inside = sums.shape[0] // groups
        spread = np.zeros((groups * sums.shape[1], sums.shape[0]))
        for group in range(groups):
            mine = slice(group * inside, (group + 1) * inside)
            spread[group * sums.shape[1] : (group + 1) * sums.shape[1], mine] = sums[mine].T
        return spread


def _absolute_sums(weight: "Tensor") -> "Norms":
    """Sum absolute values over all dimensions but the first two, in pieces."""
    import torch

    rows = weight.shape[0]
    columns = weight.shape[1] if weight.dim() > 1 else 1
    sums = np.zeros((rows, columns))
    step = max(1, CHUNK // max(1, weight.numel() // rows))
    for start in range(0, rows, step):
        piece = weight[start : start + step].abs().cpu()
        # NumPy knows neither bfloat16 nor the small floats.
        wide = piece if piece.dtype in (torch.float32, torch.float64) else piece.float()
        values = wide.numpy().reshape(piece.shape[0], columns, -1)
        if values.shape[2] > MANY:
            sums[start : start + step] = values.sum(axis=2, dtype=np.float64)
        else:
            # NumPy is slow at many short sums.
            for place in range(values.shape[2]):
                sums[start : start + step] += values[:, :, place]
    return sums
