"""Which indices of a source tensor go where in a target tensor, for a pair of matched layers.

What is decided for a pair's channels holds for its weight, its bias, its statistics alike. Where
channels are aligned by structure, or a choice of channels is traced, it holds for every layer
that shares these channels.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import prod
from typing import TYPE_CHECKING

from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.values import TensorSpec
from dpiat_gui.transfer.operators_axes import (
    Axis,
    clip_axis,
    edge_axis,
    full_axis,
    inputs_of,
    joined_axis,
    largest_axis,
    product_axis,
    width_scale,
)
from dpiat_gui.transfer.operators_pairs import (
    IN,
    INSIDE,
    MIXING,
    OUT,
    PLACE,
    LayerPair,
    Maps,
    channels_of,
    groups_in,
    held_by,
    makers_of,
    side_of,
)
from dpiat_gui.transfer.structure import TRANSPOSED, Channels, LayerChannels

if TYPE_CHECKING:
    from dpiat_gui.transfer.operators_norms import Magnitudes, Norms


class Cutter:
    """Decides for every tensor of a pair of layers which indices go where.

    Parameters
    ----------
    maps
        The channels of source and target.
    pairs
        The matched pairs by the target's path.
    by_structure
        Whether channels are aligned by structure.
    seed
        Of what is drawn.
    magnitudes
        Of the source's weights; None while nobody has read them: then what goes by them is cut to the
        centre, which gives equal numbers of elements.

    Attributes
    ----------
    undecided
        True once a choice was left open for want of magnitudes.
    untraced
        Layers whose inputs' choice of channels could not be traced.
    """

    def __init__(
        self,
        maps: Maps,
        pairs: Mapping[str, LayerPair],
        *,
        by_structure: bool,
        seed: int,
        magnitudes: "Magnitudes | None" = None,
    ) -> None:
        self._maps = maps
        self._source, self._target = maps
        self._pairs = pairs
        self._by_structure = by_structure
        self._seed = seed
        self._magnitudes = magnitudes
        self.undecided = False
        self.untraced: dict[str, None] = {}
        self._chosen: dict[tuple[str, str, int, int], Axis] = {}
        self._carried: dict[tuple[int, int], tuple[Axis, ...] | None] = {}
        self._makers = makers_of(pairs.values(), maps)

    def axes(self, pair: LayerPair, given: TensorSpec, tensor: TensorSpec) -> tuple[Axis, ...]:
        """Return for each dimension which indices of `given` go where in `tensor`; ranks are equal."""
        held = held_by(pair, tensor, self._maps)
        return tuple(
            self._along(pair, what, source, target)
            for what, source, target in zip(held, given.shape, tensor.shape, strict=True)
        )

    def scale(self, pair: LayerPair, given: TensorSpec, tensor: TensorSpec) -> float:
        """Return the factor on what is copied."""
        if not pair.operator.scales or tensor != pair.target.weight or pair.target.kind not in MIXING:
            return 1.0
        transposed = pair.target.kind in TRANSPOSED
        sizes = [
            inputs_of(one.shape, groups_in(side, layer), transposed=transposed)
            for one, side, layer in (
                (given, self._source, pair.source),
                (tensor, self._target, pair.target),
            )
        ]
        return width_scale(*sizes)

    def _along(self, pair: LayerPair, what: str, source: int, target: int) -> Axis:
        """Return what goes where along one dimension."""
        if what in (OUT, IN, INSIDE):
            return self._channels(pair, what, source, target)
        if not pair.operator.fills:
            return clip_axis(source, target)
        if what == PLACE:
            return edge_axis(source, target)
        return full_axis(source, target, self._seed)

    def _channels(self, pair: LayerPair, what: str, source: int, target: int) -> Axis:
        """Return what goes where along a dimension of channels; decided once for each pair."""
        key = (pair.target.path, what, source, target)
        found = self._chosen.get(key)
        if found is None:
            found = self._chosen[key] = self._decided(pair, what, source, target)
        return found

    def _decided(self, pair: LayerPair, what: str, source: int, target: int) -> Axis:
        layers = channels_of(pair, self._maps)
        if layers is None or not (what == INSIDE or self._are_of(side_of(layers, what), source, target)):
            return self._plain(pair, source, target)
        if pair.operator.traces:
            axis = self._traced(pair, layers, what, source, target)
            if axis is not None:
                return axis
            if source > target:
                self.untraced[pair.target.path] = None
        if pair.operator.by_weights:
            return self._largest(pair, layers, what, source, target)
        if self._by_structure and what != INSIDE:
            return self._aligned(pair, side_of(layers, what), source, target)
        return self._plain(pair, source, target)

    def _are_of(self, channels: tuple[Channels, Channels], source: int, target: int) -> bool:
        """Tell whether dimensions of these sizes hold these channels, and nothing else."""
        sizes = [
            sum(side.sizes[one] for one in held.sets) * prod(held.folded)
            for side, held in zip(self._maps, channels, strict=True)
        ]
        return sizes == [source, target]

    def _plain(self, pair: LayerPair, source: int, target: int) -> Axis:
        return full_axis(source, target, self._seed) if pair.operator.fills else clip_axis(source, target)

    # -- by structure ---------------------------------------------------------------------------

    def _aligned(
        self,
        pair: LayerPair,
        channels: tuple[Channels, Channels],
        source: int,
        target: int,
        norms: "Norms | None" = None,
    ) -> Axis:
        """Align two dimensions part by part; `norms` decide what is kept where they are given."""
        given, taken = channels
        folds = tuple(zip(given.folded, taken.folded, strict=False))
        several = len(given.sets) > 1 or len(taken.sets) > 1
        if len(given.folded) != len(taken.folded) or (several and not self._by_structure):
            return self._kept(pair, source, target, norms)
        behind = prod(given.folded), prod(taken.folded)
        places = [edge_axis(*sizes) if pair.operator.fills else clip_axis(*sizes) for sizes in folds]
        starts = [
            [0, *accumulate(side.sizes[one] * more for one in held.sets)]
            for side, held, more in zip(self._maps, channels, behind, strict=True)
        ]
        parts: list[Axis] = []
        for at, other in enumerate(taken.sets):
            # What comes first on the one side goes to what comes first on the other.
            place = at % len(given.sets) if pair.operator.fills else at
            if place >= len(given.sets):
                break
            one = given.sets[place]
            sizes = self._source.sizes[one], self._target.sizes[other]
            mine = norms
            if mine is not None:
                mine = mine[starts[0][place] : starts[0][place + 1]].reshape(sizes[0], -1).sum(axis=1)
            axis = self._set_axis(pair, one, other, mine)
            if folds:
                axis = product_axis([sizes, *folds], [axis, *places])
            parts.append(axis.shifted(starts[0][place], starts[1][at]))
        return joined_axis(parts)

    def _set_axis(self, pair: LayerPair, one: int, other: int, norms: "Norms | None") -> Axis:
        """Align two sets of channels, along each axis they are laid out in."""
        source, target = self._source.sizes[one], self._target.sizes[other]
        grids = self._grids(one, other)
        if grids is None:
            return self._kept(pair, source, target, norms)
        axes = self._grid_axes(pair, one, grids, norms)
        return product_axis(grids, axes)

    def _grids(self, one: int, other: int) -> tuple[tuple[int, int], ...] | None:
        """Return the sizes of the axes two sets are laid out in, None where they are not laid out alike."""
        given, taken = self._source.grid(one), self._target.grid(other)
        if len(given) != len(taken) or len(given) == 1:
            return None
        # The paper's operators know of no groups: there, groups are kept only where it costs nothing.
        if not self._by_structure and (given[:-1] != taken[:-1] or one in self._source.ordered):
            return None
        return tuple(zip(given, taken, strict=True))

    def _grid_axes(
        self, pair: LayerPair, one: int, grids: Sequence[tuple[int, int]], norms: "Norms | None"
    ) -> tuple[Axis, ...]:
        """Align the axes of a layout: groups by their centre, the channels inside all groups alike."""
        *outer, inner = grids
        axes = [self._plain(pair, *sizes) for sizes in outer]
        if one in self._source.ordered or norms is None:
            return (*axes, self._kept(pair, *inner, None))
        inside = norms.reshape([size for size, _ in grids])
        return (*axes, self._kept(pair, *inner, inside.sum(axis=tuple(range(len(outer))))))

    def _kept(self, pair: LayerPair, source: int, target: int, norms: "Norms | None") -> Axis:
        if norms is None:
            return self._plain(pair, source, target)
        return largest_axis(target, norms)

    # -- by weights -----------------------------------------------------------------------------

    def _wanted(self, source: int, target: int) -> "Magnitudes | None":
        """Return the magnitudes where they are needed; note where they are missing."""
        if source <= target:
            return None
        if self._magnitudes is None:
            self.undecided = True
        return self._magnitudes

    def _largest(
        self,
        pair: LayerPair,
        layers: tuple[LayerChannels, LayerChannels],
        what: str,
        source: int,
        target: int,
    ) -> Axis:
        """Choose channels of a layer by its own weight; a norm follows the layer that feeds it."""
        if pair.source.kind not in MIXING and what == OUT:
            followed = self._followed(pair, layers, source, target)
            if followed is not None:
                return followed
        channels = side_of(layers, what)
        if what == OUT and channels[0].sets[0] in self._source.ordered and not self._by_structure:
            # Query, key and value: no channel of one may take another's place.
            return self._plain(pair, source, target)
        norms = self._norms(pair, what, source, target)
        if what == INSIDE:
            return self._kept(pair, source, target, norms)
        return self._aligned(pair, channels, source, target, norms)

    def _norms(self, pair: LayerPair, what: str, source: int, target: int) -> "Norms | None":
        magnitudes = self._wanted(source, target)
        if magnitudes is None or pair.source.kind is LayerKind.PARAMETER:
            return None
        path = pair.source.path
        if what == OUT:
            norms = magnitudes.outputs(path)
            return norms if len(norms) == source else None
        # Of the inputs those count that the kept outputs read.
        if what == INSIDE and pair.source.kind in TRANSPOSED:
            groups = groups_in(self._source, pair.source)
            kept = magnitudes.outputs(path).reshape(groups, -1).sum(axis=0)
        else:
            kept = magnitudes.matrix(path)[self._outputs_kept(pair)].sum(axis=0)
        return kept if len(kept) == source else None

    def _outputs_kept(self, pair: LayerPair) -> list[int]:
        """Return the source's outputs that the target takes."""
        source, target = (
            sum(side.sizes[one] for one in side.layers[layer.path].outputs.sets)
            for side, layer in ((self._source, pair.source), (self._target, pair.target))
        )
        return sorted(set(self._channels(pair, OUT, source, target).source))

    def _followed(
        self, pair: LayerPair, layers: tuple[LayerChannels, LayerChannels], source: int, target: int
    ) -> Axis | None:
        """Return the choice of the layer whose output comes here, if it is matched with its like."""
        maker = self._pairs.get(layers[1].maker) if layers[1].maker else None
        if maker is None or maker.source.path != layers[0].maker:
            return None
        given = channels_of(maker, self._maps)
        if given is None or not self._are_of(side_of(given, OUT), source, target):
            return None
        return self._channels(maker, OUT, source, target)

    # -- traced ---------------------------------------------------------------------------------

    def _traced(
        self,
        pair: LayerPair,
        layers: tuple[LayerChannels, LayerChannels],
        what: str,
        source: int,
        target: int,
    ) -> Axis | None:
        """Return the choice that holds for these channels wherever they go, None where it is not known."""
        if not (self._source.traced and self._target.traced):
            return None
        if what == INSIDE:
            return self._traced_inside(
                side_of(layers, OUT if pair.source.kind in TRANSPOSED else IN), source, target
            )
        given, taken = side_of(layers, what)
        if len(given.sets) != len(taken.sets) or len(given.folded) != len(taken.folded):
            return None
        folds = tuple(zip(given.folded, taken.folded, strict=True))
        places = [clip_axis(*sizes) for sizes in folds]
        parts: list[Axis] = []
        at = [0, 0]
        for one, other in zip(given.sets, taken.sets, strict=True):
            choice = self._choice(one, other)
            if choice is None:
                return None
            sizes = [*self._layout(one, other), *folds]
            parts.append(product_axis(sizes, [*choice, *places]).shifted(*at))
            at = [at[side] + prod(size[side] for size in sizes) for side in (0, 1)]
        return joined_axis(parts)

    def _traced_inside(self, channels: tuple[Channels, Channels], source: int, target: int) -> Axis | None:
        """Return the choice inside each group of a grouped convolution."""
        if source <= target:
            return clip_axis(source, target)
        given, taken = channels
        if len(given.sets) != 1 or len(taken.sets) != 1 or self._grids(given.sets[0], taken.sets[0]) is None:
            return None
        choice = self._choice(given.sets[0], taken.sets[0])
        inside = self._layout(given.sets[0], taken.sets[0])[-1]
        return choice[-1] if choice and inside == (source, target) else None

    def _layout(self, one: int, other: int) -> tuple[tuple[int, int], ...]:
        return self._grids(one, other) or ((self._source.sizes[one], self._target.sizes[other]),)

    def _choice(self, one: int, other: int) -> tuple[Axis, ...] | None:
        """Choose channels of a set by all layers that make them; one axis for each of its layout."""
        if (one, other) not in self._carried:
            self._carried[one, other] = self._chosen_together(one, other)
        return self._carried[one, other]

    def _chosen_together(self, one: int, other: int) -> tuple[Axis, ...] | None:
        sizes = self._layout(one, other)
        *outer, inner = sizes
        centre = tuple(clip_axis(*size) for size in sizes)
        if inner[0] <= inner[1] or one in self._source.ordered:
            return centre
        makers = self._makers.get((one, other), ())
        if not makers:
            return None
        if self._magnitudes is None:
            self.undecided = True
            return centre
        total: Norms | None = None
        for pair in makers:
            norms = self._magnitudes.outputs(pair.source.path)
            # Each layer has the same say, whatever the scale of its weights.
            mean = float(norms.mean())
            share = norms / mean if mean > 0 else norms
            total = share if total is None else total + share
        assert total is not None
        inside = total.reshape([size for size, _ in sizes]).sum(axis=tuple(range(len(outer))))
        return (*centre[:-1], largest_axis(inner[1], inside))
