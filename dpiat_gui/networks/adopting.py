"""What a checkpoint takes over from the timm model that its tensors tell of."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dpiat_gui.networks.flow import FUNCTION, LAYER, Flow, Step
from dpiat_gui.networks.flow_regions import ignored_layers
from dpiat_gui.networks.known_models import is_counter, without_counters
from dpiat_gui.networks.module_blocks import leaf_layers
from dpiat_gui.networks.values import ModuleNode, ModuleTree, TensorSpec


def adopt(tree: ModuleTree, specs: Sequence[TensorSpec]) -> ModuleTree | None:
    """Return the structure of a model with the tensors of a checkpoint in it.

    Parameters
    ----------
    tree
        The structure of the model that `known_model` named.
    specs
        The checkpoint's tensors; their dtypes count, and counters of batches that they lack go.

    Returns
    -------
    ModuleTree or None
        None where keys or shapes differ after all.
    """
    given = {spec.key: spec for spec in specs}
    own = {spec.key: spec.shape for spec in tree.tensors if spec.key in given or not is_counter(spec.key)}
    if own != {spec.key: spec.shape for spec in specs}:
        return None
    return replace(tree, root=_adopted(tree.root, given))


def keys_in_order(own: Sequence[TensorSpec], given: Sequence[TensorSpec]) -> dict[str, str] | None:
    """Return the key that each of a model's tensors has in a checkpoint, by their order.

    Parameters
    ----------
    own, given
        The tensors of the model and of the checkpoint, in registration order; counters of batches
        play no part.

    Returns
    -------
    dict or None
        None where the shapes differ.
    """
    own, given = without_counters(own), without_counters(given)
    if [spec.shape for spec in own] != [spec.shape for spec in given]:
        return None
    return {spec.key: other.key for spec, other in zip(own, given, strict=True)}


def annotate(tree: ModuleTree, model: ModuleTree) -> ModuleTree | None:
    """Return a tree that was made of keys, with what a model says of the same tensors.

    Parameters
    ----------
    tree
        Of a checkpoint with an author's own keys, in registration order.
    model
        The structure of the model that `known_by_order` named.

    Returns
    -------
    ModuleTree or None
        Modules that hold the same tensors as one of the model's have its class, kind and attributes
        (groups, stride, whether a skip leads around it); paths and children stay. With the flow of
        the model, if that was traced. None where the shapes differ after all.
    """
    keys = keys_in_order(model.tensors, tree.tensors)
    if keys is None:
        return None
    said: dict[frozenset[str], ModuleNode] = {}
    for node in model.root.walk():
        held = frozenset(keys[spec.key] for spec in without_counters(_tensors_below(node)))
        # Of a wrapper and what it wraps, the inner one is met last.
        said[held] = node
    root = _annotated(tree.root, said)
    if model.flow is None:
        return replace(tree, root=root)
    homes = {tensor.key: layer.path for layer in leaf_layers(root) for tensor in layer.tensors}
    return replace(tree, root=root, flow=_renamed(model.flow, model, {key: homes[keys[key]] for key in keys}))


def _renamed(flow: Flow, model: ModuleTree, homes: Mapping[str, str]) -> Flow:
    """Return a model's flow through the layers of a checkpoint, which has none without tensors.

    Parameters
    ----------
    flow, model
        The model and its flow.
    homes
        The checkpoint's layer of each of the model's tensors.
    """
    layers = {layer.path: layer for layer in leaf_layers(model.root)}
    ignored = ignored_layers(flow, layers)
    steps: list[Step] = []
    places: list[int] = []
    for step in flow.steps:
        inputs = tuple(places[number] for number in step.inputs)
        if step.path in ignored and len(inputs) == 1:
            places.append(inputs[0])
            continue
        layer = layers.get(step.path) if step.kind == LAYER else None
        path = next((homes[one.key] for one in layer.tensors if one.key in homes), "") if layer else ""
        # An activation or a pool: something happens there, and no layer of the checkpoint does it.
        kind = FUNCTION if step.kind == LAYER and not path else step.kind
        places.append(len(steps))
        steps.append(Step(kind, path, inputs))
    outputs = tuple(dict.fromkeys(places[number] for number in flow.outputs))
    return replace(flow, steps=tuple(steps), outputs=outputs, passes=frozenset())


def _annotated(node: ModuleNode, said: Mapping[frozenset[str], ModuleNode]) -> ModuleNode:
    children = tuple(_annotated(child, said) for child in node.children)
    same = said.get(frozenset(spec.key for spec in without_counters(_tensors_below(node))))
    if same is None or not node.path or bool(same.tensors) != bool(node.tensors):
        return replace(node, children=children)
    return replace(
        node, class_name=same.class_name, kind=same.kind, attributes=same.attributes, children=children
    )


def _tensors_below(node: ModuleNode) -> list[TensorSpec]:
    return [spec for part in node.walk() for spec in part.tensors]


def _adopted(node: ModuleNode, given: Mapping[str, TensorSpec]) -> ModuleNode:
    return replace(
        node,
        tensors=tuple(
            replace(spec, dtype=given[spec.key].dtype) for spec in node.tensors if spec.key in given
        ),
        children=tuple(_adopted(child, given) for child in node.children),
    )
