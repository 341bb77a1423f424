import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.flow import FUNCTION, INPUT, JOINS, LAYER, Flow, Step, flow_from_json, flow_to_json
from dpiat_gui.networks.kinds import LayerKind
from dpiat_gui.networks.tree_json import tree_from_json, tree_to_json
from dpiat_gui.networks.values import ModuleNode, ModuleTree


@st.composite
def _flows(draw: st.DrawFn) -> Flow:
    steps: list[Step] = []
    for at in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from((INPUT, LAYER, FUNCTION, *JOINS)))
        path = draw(st.sampled_from(("a", "a.b", "c.0"))) if kind == LAYER else ""
        sources = draw(st.lists(st.integers(0, at - 1), max_size=3)) if at else []
        steps.append(Step(kind, path, tuple(sources)))
    outputs = draw(st.lists(st.integers(0, len(steps) - 1), max_size=2))
    passes = frozenset(draw(st.sets(st.sampled_from(("a", "c.0")))))
    return Flow(tuple(steps), tuple(outputs), passes, ((1, 3, 8, 8),), "run")


@given(_flows())
def test_any_flow_survives_json(flow: Flow) -> None:
    assert flow_from_json(json.loads(json.dumps(flow_to_json(flow)))) == flow


@given(_flows())
def test_a_tree_keeps_its_flow_and_its_fingerprint(flow: Flow) -> None:
    root = ModuleNode("", "Net", LayerKind.OTHER)
    with_flow, without = ModuleTree("n", root, flow=flow), ModuleTree("n", root)
    assert tree_from_json(json.loads(json.dumps(tree_to_json(with_flow)))) == with_flow
    assert with_flow.fingerprint == without.fingerprint
    assert "flow" not in tree_to_json(without)


@settings(deadline=None)  # the first imports networkx
@given(_flows())
def test_the_graph_has_the_steps_and_their_edges(flow: Flow) -> None:
    graph = flow.graph()
    assert list(graph) == list(range(len(flow.steps)))
    wanted = {(source, at) for at, step in enumerate(flow.steps) for source in step.inputs}
    assert set(graph.edges) == wanted
    for at, step in enumerate(flow.steps):
        assert (graph.nodes[at]["kind"], graph.nodes[at]["path"]) == (step.kind, step.path)


def _data() -> dict[str, Any]:
    return flow_to_json(Flow((Step(INPUT), Step(LAYER, "a", (0,))), (1,)))


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("steps"),
        lambda data: data.update(version=2),
        lambda data: data["steps"].append([0, 2]),
        lambda data: data["steps"].append([0, -1]),
        lambda data: data["steps"].append([7]),
        lambda data: data["steps"].append([-99]),
        lambda data: data["steps"].append([0, 0.5]),
        lambda data: data.update(outputs=[2]),
        lambda data: data.update(layers=[3]),
        lambda data: data.update(inputs=[[-1]]),
        lambda data: data.update(way=None),
    ],
)
def test_damaged_data_is_refused(damage: Any) -> None:
    data = _data()
    flow_from_json(data)
    damage(data)
    with pytest.raises(SourceError):
        flow_from_json(data)


@pytest.mark.parametrize("data", [None, [], "x", 3, {}])
def test_what_is_no_flow_is_refused(data: object) -> None:
    with pytest.raises(SourceError):
        flow_from_json(data)
