"""What the window calls methods, standardizations and presets."""

from collections.abc import Mapping

from dpiat_gui.document.state import DocumentState
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import match_options

MATCHERS: Mapping[str, str] = {
    "dp": "DPIAT",
    "dp-branch": "DPIAT with branches",
    "flat": "Flat",
    "bipartite": "Bipartite",
    "nested-bipartite": "Nested bipartite",
    "random": "Random",
}
"""Short names of the matchers, in the order they are offered."""

STANDARDIZATIONS: Mapping[str, tuple[str, str]] = {
    "blocks": ("Blocks of modules", "The paper's blocks, read from the tree of modules."),
    "flatten": ("Every layer by itself", "No blocks: each layer is an entry of its own."),
    "graph": (
        "Blocks by information flow",
        "What lies between two cuts of the flow, in the order of execution; the networks are traced.",
    ),
}
PRESETS: Mapping[str, tuple[str, str]] = {
    "recommended": (
        "Recommended",
        "Every type of layer scores; skips count; running statistics are copied, and steps are taken.",
    ),
    "paper": ("As in the paper", "The paper's types of layers; weights and biases only."),
}
LAYER_TYPES: Mapping[str, tuple[str, str]] = {
    "all": ("All that carry weights", "Attention, embeddings and bare parameters too."),
    "paper": ("As in the paper", "Convolutions, linear layers and BatchNorm."),
}


def matcher_name(name: str) -> str:
    """Return the short name of a matcher."""
    return MATCHERS.get(name, name)


def matcher_text(name: str) -> str:
    """Say in a sentence what a matcher does, and whether its pairs may cross."""
    method = METHODS[name]
    order = "Pairs never cross." if method.keeps_order else "Pairs may cross."
    return f"{method.title[:1].upper()}{method.title[1:]}. {order}"


def is_changed(state: DocumentState) -> bool:
    """Tell whether the options differ from those of their preset; the seed counts for nothing."""
    options = state.options
    return options != match_options(state.preset, seed=options.seed) or state.method != "blocks"


def summary(state: DocumentState) -> str:
    """Return the method in a few words, for the button: ``DPIAT · recommended``."""
    words = [matcher_name(state.options.method)]
    if state.method != "blocks":
        words.append({"flatten": "flattened", "graph": "by flow"}.get(state.method, state.method))
    if not is_changed(state):
        words.append(PRESETS[state.preset][0].lower())
    elif state.method == "blocks" and state.options.method == match_options(state.preset).method:
        words.append("changed")
    return " · ".join(words)
