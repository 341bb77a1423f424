"""Standardization by the flow of information: cut where branches part and meet (method ``graph``)."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dpiat_gui.networks.flow import LAYER
from dpiat_gui.networks.flow_regions import STREAM_JOINS, FlowMap, Region, bits
from dpiat_gui.networks.kinds import DIMENSIONAL, PAPER_KINDS
from dpiat_gui.networks.values import Block, Layer, ModuleNode


@dataclass(eq=False)
class _Entry:
    """An entry to be: a block, or one layer by itself."""

    paths: list[str]
    block: bool


def flow_blocks(root: ModuleNode, flow: FlowMap, leaves: Sequence[Layer]) -> list[Block]:
    """Return the entries of a network by its flow, in order of execution.

    Parameters
    ----------
    root
        Its module tree.
    flow
        Its flow.
    leaves
        Its layers in registration order.

    Notes
    -----
    1. A *cut* is a split or a join of the main stream by sum or concatenation. Products are none: a
       squeeze-excite's gate and an attention's joins stay in the block around them.
    2. What lies between a split and the join where its branches meet is a block, if conv or linear
       layers follow one another in it. If one of its branches holds several such blocks in turn (a
       stage within a shortcut, a DenseNet's concatenations), these are the blocks instead.
    3. The stretches left between blocks are divided as the author's modules do (the paper's
       rules, on the layers of the stretch alone). Where these do not tell a stretch from
       the blocks beside it, it is a block of its own.
    4. A norm, activation, pooling or bare parameter that its module shares with one block alone
       joins that block; so does a layer that is never applied.
    5. Layers that pass on what they get (Identity, Dropout) are left out of all of this, so that they
       change nothing; each joins the block whose module it shares or on whose flow it lies.
    """
    rank = _ranks(flow, leaves)
    chosen = [flow.paths(mask) for mask in _block_masks(flow)]
    entries = [_Entry(sorted(paths, key=rank.__getitem__), True) for paths in chosen if len(paths) > 1]
    held = {path: entry for entry in entries for path in entry.paths}
    for run in _runs(flow.first_calls, held):
        divided = _divided(root, run, flow)
        if _is_flat(divided, run, held, rank, flow):
            divided = [_Entry(list(run), True)]
        entries += divided
        # The runs after this one have it beside them as well.
        held |= {path: entry for entry in divided for path in entry.paths}
    entries += [_Entry([layer.path], False) for layer in leaves if layer.path not in held]
    _attach(entries, flow)
    entries = [entry for entry in entries if entry.paths]
    order = {id(entry): min(_core(entry, flow), key=rank.__getitem__) for entry in entries}
    entries.sort(key=lambda entry: rank[order[id(entry)]])
    modules = {node.path: node for node in root.walk()}
    names = _names(entries, flow)
    return [_made(entry, name, rank, flow, modules) for entry, name in zip(entries, names, strict=True)]


def _made(
    entry: _Entry, name: str, rank: Mapping[str, int], flow: FlowMap, modules: Mapping[str, ModuleNode]
) -> Block:
    layers = tuple(flow.layers[path] for path in sorted(entry.paths, key=rank.__getitem__))
    if not entry.block:
        (layer,) = layers
        return Block(layer.path, layers, True, layer.class_name, layer.attributes)
    node = modules.get(name) or modules.get(_common_module(_core(entry, flow)), modules[""])
    return Block(name, layers, False, node.class_name, node.attributes)


def _names(entries: Sequence[_Entry], flow: FlowMap) -> list[str]:
    """Return a path for each entry: of a block the module around it, where no other block has the same.

    Two blocks of one module (attention and MLP of a transformer's block) are named by the module in
    it that most of their layers lie in; if that will not do, by their first and last layer.
    """
    homes = [_common_module(_core(entry, flow)) if entry.block else "" for entry in entries]
    taken = {entry.paths[0] for entry in entries if not entry.block}
    names = []
    for entry, home in zip(entries, homes, strict=True):
        if not entry.block:
            names.append(entry.paths[0])
            continue
        core = _core(entry, flow)
        below = Counter(part for path in core for part in _modules_above(path) if len(part) > len(home))
        tries = [home] if homes.count(home) == 1 else []
        tries += [part for part, _ in below.most_common(1)]
        name = next((name for name in tries if name and name not in taken), f"{core[0]}…{core[-1]}")
        taken.add(name)
        names.append(name)
    return names


def _block_masks(flow: FlowMap) -> list[int]:
    """Return the regions and pieces of regions that are blocks, as bits of nodes."""
    strong = [region for region in flow.regions if region.kind in STREAM_JOINS and region.depth > 1]
    found: list[int] = []
    waiting = _outermost(strong)
    while waiting:
        region = waiting.pop()
        inner = [other for other in strong if other.last != region.last and _lies_in(other, region.inside)]
        parts = [_units(flow, branch, inner) for branch in region.branches]
        if all(len(part) < 2 for part in parts):
            found.append(region.inside)
            continue
        for branch, part in zip(region.branches, parts, strict=True):
            nested = [other for other in inner if _lies_in(other, branch)]
            if nested:
                waiting += _outermost(nested)
            elif len(part) > 1:
                found += part
    return found


def _units(flow: FlowMap, branch: int, inner: Sequence[Region]) -> list[int]:
    """Return what could be blocks of their own in a branch: regions, or else pieces between cuts."""
    nested = [region.inside for region in inner if _lies_in(region, branch)]
    return nested or [piece for piece in _pieces(flow, branch) if flow.depth(piece) > 1]


def _outermost(regions: Sequence[Region]) -> list[Region]:
    return [
        region
        for region in regions
        if not any(other.last != region.last and _lies_in(region, other.inside) for other in regions)
    ]


def _lies_in(region: Region, mask: int) -> bool:
    return (region.inside | 1 << region.last) & ~mask == 0


def _pieces(flow: FlowMap, mask: int) -> list[int]:
    """Cut what lies in `mask` wherever a stream splits or streams meet; gates and the like are no cuts."""
    owner = {number: number for number in bits(mask)}

    def find(number: int) -> int:
        while owner[number] != number:
            number = owner[number]
        return number

    def unite(numbers: Iterable[int]) -> None:
        roots = sorted({find(number) for number in numbers})
        for other in roots[1:]:
            owner[other] = roots[0]

    for region in flow.regions:
        if _lies_in(region, mask):
            unite(bits((region.inside | 1 << region.last | 1 << region.first) & mask))
    outer = len(flow.nodes)
    targets: dict[int, set[int]] = {}
    sources: dict[int, set[int]] = {}
    for number in bits(mask):
        for target in bits(flow.targets[number]):
            end = find(target) if target in owner else outer + target
            if end != find(number):
                targets.setdefault(find(number), set()).add(end)
        for source in flow.nodes[number].sources:
            start = find(source) if source in owner else outer + source
            if start != find(number):
                sources.setdefault(find(number), set()).add(start)
    for start, ends in targets.items():
        if len(ends) == 1:
            (end,) = ends
            if end in owner and len(sources[end]) == 1:
                unite((start, end))
    pieces: dict[int, int] = {}
    for number in bits(mask):
        pieces[find(number)] = pieces.get(find(number), 0) | 1 << number
    return list(pieces.values())


def _runs(applied: Iterable[str], held: Collection[str]) -> list[list[str]]:
    """Return the layers in no block, as lists of those that are applied one after the other."""
    runs: list[list[str]] = [[]]
    for path in applied:
        if path not in held:
            runs[-1].append(path)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _divided(root: ModuleNode, run: Sequence[str], flow: FlowMap) -> list[_Entry]:
    """Divide a stretch as the author's modules do, by the paper's rules; see `_Stretch`."""
    stretch = _Stretch(frozenset(path for path in run if not flow.layers[path].bare), flow)
    node = root
    while node.kind not in PAPER_KINDS and len(counted := stretch.counted(node)) == 1:
        (node,) = counted
    items = [item for child in node.distinct_children for item in stretch.visit(child)]
    if node.path in stretch.members:
        items = [node.path]
    found = [_Entry([item], False) if isinstance(item, str) else _Entry(item, True) for item in items]
    return found + [_Entry([path], False) for path in run if path not in stretch.members]


class _Stretch:
    """The paper's rules (appendix A.1) on the layers of one stretch.

    A module becomes a block if all of its layers lie in the stretch, conv or linear layers follow
    one another in it, and it holds no more blocks than single layers. Parallel convolutions and
    the layers of a gate are no blocks by themselves.
    """

    def __init__(self, members: frozenset[str], flow: FlowMap) -> None:
        self.members = members
        self._flow = flow
        gates = 0
        for region in flow.regions:
            if region.kind not in STREAM_JOINS:
                gates |= region.inside
        self._gates = gates
        self._joins = sum(1 << at for at, node in enumerate(flow.nodes) if node.kind != LAYER)

    def counted(self, node: ModuleNode) -> list[ModuleNode]:
        """Return the children that hold anything but layers that pass on what they get."""
        ignored = self._flow.ignored
        return [
            child
            for child in node.distinct_children
            if any(part.path not in ignored for part in child.walk() if not part.children)
        ]

    def visit(self, node: ModuleNode) -> list[str | list[str]]:
        """Return what a module hands to its parent: layers, and blocks as lists of layers."""
        if node.path in self.members:
            return [node.path]
        if node.kind in PAPER_KINDS or not node.children:
            return []
        items = [item for child in node.distinct_children for item in self.visit(child)]
        blocks = sum(1 for item in items if not isinstance(item, str))
        layers = [path for item in items for path in ([item] if isinstance(item, str) else item)]
        if len(items) - blocks > blocks and self._is_block(node, layers):
            return [layers]
        return items

    def _is_block(self, node: ModuleNode, layers: Sequence[str]) -> bool:
        calls = self._flow.first_calls
        mask = sum(1 << calls[path] for path in layers)
        if self._flow.depth(mask | self._joins) < 2 or mask & ~self._gates == 0:
            return False
        inside = (part.path for part in node.walk())
        return all(
            path in self.members for path in inside if path in calls and not self._flow.layers[path].bare
        )


def _is_flat(
    divided: Sequence[_Entry],
    run: Sequence[str],
    held: Mapping[str, _Entry],
    rank: Mapping[str, int],
    flow: FlowMap,
) -> bool:
    """Tell whether a stretch between two blocks is loose only because their modules are one."""
    if any(entry.block for entry in divided) or len(run) < 2:
        return False
    if sum(flow.layers[path].kind in DIMENSIONAL for path in run) < 2:
        return False
    first, last = rank[run[0]], rank[run[-1]]
    before = [path for path, entry in held.items() if entry.block and rank[path] < first]
    after = [path for path, entry in held.items() if entry.block and rank[path] > last]
    if not before or not after:
        return False
    beside = (held[max(before, key=rank.__getitem__)], held[min(after, key=rank.__getitem__)])
    modules = [_common_module(entry.paths) for entry in beside]
    return any(all(_is_below(path, module) for path in run) for module in modules)


def _attach(entries: list[_Entry], flow: FlowMap) -> None:
    """Let single layers join the block whose module they share, or on whose flow they lie."""
    anchors: list[tuple[str, _Entry]] = []
    loose: list[_Entry] = []
    for entry in entries:
        if entry.block or _stands_alone(entry.paths[0], flow):
            anchors += [(path, entry) for path in entry.paths]
        else:
            loose.append(entry)
    under: dict[str, set[int]] = {}
    by_id = {id(entry): entry for _, entry in anchors}
    for path, entry in anchors:
        for module in _modules_above(path):
            under.setdefault(module, set()).add(id(entry))
    at_node = {flow.first_calls[path]: entry for path, entry in anchors if path in flow.first_calls}
    for entry in loose:
        (path,) = entry.paths
        home = next((under[module] for module in _modules_above(path) if module in under), set())
        block = by_id[next(iter(home))] if len(home) == 1 else None
        if block is None and path in flow.ignored:
            block = at_node.get(flow.passing.get(path, -1))
        if block is not None and block.block:
            block.paths.append(path)
            entry.paths.clear()


def _stands_alone(path: str, flow: FlowMap) -> bool:
    return flow.layers[path].kind in DIMENSIONAL and path in flow.first_calls


def _core(entry: _Entry, flow: FlowMap) -> list[str]:
    """Return what an entry's name and place are told by: its layers but for those that pass on."""
    return [path for path in entry.paths if path not in flow.ignored] or entry.paths


def _modules_above(path: str) -> list[str]:
    """Return the modules around a layer, innermost first, without the root."""
    parts = path.split(".")[:-1]
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]


def _common_module(paths: Sequence[str]) -> str:
    """Return the innermost module around all of these layers."""
    common = paths[0].split(".")[:-1]
    for path in paths[1:]:
        parts = path.split(".")[:-1]
        shared = next(
            (at for at, pair in enumerate(zip(common, parts, strict=False)) if len(set(pair)) > 1), None
        )
        common = common[: min(len(common), len(parts)) if shared is None else shared]
    return ".".join(common)


def _is_below(path: str, module: str) -> bool:
    return not module or path.startswith(f"{module}.")


def _ranks(flow: FlowMap, leaves: Sequence[Layer]) -> dict[str, int]:
    """Return the place of each layer: by execution, unused ones after the one registered before."""
    after: dict[str, list[str]] = {}
    placed = set(flow.order)
    previous = ""
    for layer in leaves:
        if layer.path not in placed:
            after.setdefault(previous, []).append(layer.path)
        else:
            previous = layer.path
    order = [*after.get("", ()), *(x for path in flow.order for x in (path, *after.get(path, ())))]
    return {path: at for at, path in enumerate(order)}
