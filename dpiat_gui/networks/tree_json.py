"""Module trees as plain JSON: for the cache, the shipped structures and the engine's answers."""

from typing import Any

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.flow import flow_from_json, flow_to_json
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.values import Attribute, ModuleNode, ModuleTree, TensorSpec

VERSION = 1
_DEPTH_LIMIT = 200
_HINT = "It was made by another version or is damaged; open the source again."


def tree_to_json(tree: ModuleTree) -> dict[str, Any]:
    """Return `tree` as plain values that `tree_from_json` reads back into an equal tree.

    Paths are not repeated: a child carries its last part, a tensor its key below its module.
    """
    written = {
        "version": VERSION,
        "name": tree.name,
        "origin": tree.origin,
        "details": _attributes_to_json(tree.details),
        "root": _node_to_json(tree.root, ""),
    }
    if tree.flow is not None:
        written["flow"] = flow_to_json(tree.flow)
    return written


def tree_from_json(data: Any) -> ModuleTree:
    """Read a tree that `tree_to_json` wrote.

    Raises
    ------
    SourceError
        If the data is not of that form.
    """
    try:
        if data["version"] != VERSION:
            raise SourceError(f"The structure has version {data['version']!r}, not {VERSION}.", _HINT)
        name, origin = data["name"], data["origin"]
        if not (isinstance(name, str) and isinstance(origin, str)):
            raise TypeError("name and origin are texts")
        flow = data.get("flow")
        return ModuleTree(
            name,
            _node_from_json(data["root"], "", 0),
            origin,
            _attributes_from_json(data["details"]),
            flow_from_json(flow) if flow is not None else None,
        )
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise SourceError("A stored structure is damaged.", _HINT) from error


def _node_to_json(node: ModuleNode, prefix: str) -> dict[str, Any]:
    own = f"{node.path}." if node.path else ""
    written: dict[str, Any] = {
        "path": _below(node.path, prefix),
        "class": node.class_name,
        "kind": node.kind.value,
    }
    if node.tensors:
        written["tensors"] = [_tensor_to_json(tensor, own) for tensor in node.tensors]
    if node.attributes:
        written["attributes"] = _attributes_to_json(node.attributes)
    if node.repeats:
        written["repeats"] = node.repeats
    if node.children:
        written["children"] = [_node_to_json(child, own) for child in node.children]
    return written


def _node_from_json(data: dict[str, Any], prefix: str, depth: int) -> ModuleNode:
    if depth > _DEPTH_LIMIT:
        raise ValueError("nested too deep")
    path = prefix + _text(data["path"])
    own = f"{path}." if path else ""
    return ModuleNode(
        path,
        _text(data["class"]),
        LayerKind(data["kind"]),
        tuple(_tensor_from_json(tensor, own) for tensor in data.get("tensors", ())),
        _attributes_from_json(data.get("attributes", {})),
        tuple(_node_from_json(child, own, depth + 1) for child in data.get("children", ())),
        _text(data.get("repeats", "")),
    )


def _tensor_to_json(tensor: TensorSpec, prefix: str) -> list[Any]:
    written = [_below(tensor.key, prefix), list(tensor.shape), tensor.dtype, int(tensor.buffer)]
    return [*written, tensor.tied_to] if tensor.tied_to else written


def _tensor_from_json(data: list[Any], prefix: str) -> TensorSpec:
    key, shape, dtype, buffer, *tied = data
    if not all(type(size) is int and size >= 0 for size in shape) or len(tied) > 1:
        raise ValueError("not a shape")
    return TensorSpec(
        prefix + _text(key), tuple(shape), _text(dtype), bool(buffer), _text(tied[0]) if tied else ""
    )


def _attributes_to_json(attributes: tuple[Attribute, ...]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in attributes}


def _attributes_from_json(data: dict[str, Any]) -> tuple[Attribute, ...]:
    return tuple((name, _attribute_value(value)) for name, value in data.items())


def _attribute_value(value: Any) -> str | int | float | bool | tuple[int, ...]:
    if isinstance(value, list) and all(type(part) is int for part in value):
        return tuple(value)
    if isinstance(value, str | int | float):
        return value
    raise TypeError("not an attribute's value")


def _below(path: str, prefix: str) -> str:
    if not path.startswith(prefix):
        raise ValueError(f"{path!r} does not lie below {prefix!r}")
    return path[len(prefix) :]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
