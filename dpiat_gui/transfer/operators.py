"""The operators of a transfer: how a pair of tensors is cut to fit, or filled (paper, B.8)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operator:
    """What sets an operator apart.

    Parameters
    ----------
    name
        As options, plans and the command line name it.
    title
        For people, in a few words.
    text
        For people, one sentence.
    fills
        True if source indices are repeated where the target is larger.
    by_weights
        True if the source's weights decide which channels are kept where it is larger.
    traces
        True if that choice is carried into the layers that take these channels.
    scales
        True if what is copied is scaled to the target's width.
    """

    name: str
    title: str
    text: str
    fills: bool = False
    by_weights: bool = False
    traces: bool = False
    scales: bool = False


OPERATORS: Mapping[str, Operator] = {
    one.name: one
    for one in (
        Operator(
            "clip",
            "Centre crop",
            "Keeps the centre of a larger source and fills the centre of a larger target, as the paper does.",
        ),
        Operator(
            "clip-normalized",
            "Centre crop, scaled",
            "As the centre crop, with weights scaled so that outputs keep their variance at another width.",
            scales=True,
        ),
        Operator(
            "full",
            "Repeat to fill",
            "As the centre crop; where the target is larger, source channels are repeated until it is full.",
            fills=True,
        ),
        Operator(
            "magnitude",
            "Largest channels",
            "Where the source is larger, keeps the channels with the largest weights.",
            by_weights=True,
        ),
        Operator(
            "trace",
            "Largest channels, traced",
            "Keeps the channels with the largest weights, the same ones in all layers that share them.",
            by_weights=True,
            traces=True,
        ),
    )
}
"""The operators, by name."""

ALIGNMENTS: Mapping[str, str] = {
    "paper": "Cuts every tensor to its centre, as the paper does.",
    "structure": "Cuts inside groups, concatenated parts and spatial axes: channels keep their place.",
}
"""What `TransferOptions.align` can be, with a sentence for people."""
