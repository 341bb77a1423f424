import pytest
import torch
from layer_zoo import filled
from pairing import network_of, paired
from torch import nn

from dpiat_gui.networks.tracing import trace_flow
from dpiat_gui.transfer.copying import apply_plan
from dpiat_gui.transfer.memory import transfer_between
from dpiat_gui.transfer.options import TransferOptions
from dpiat_gui.transfer.planning import plan_transfer, resolve_plan
from dpiat_gui.transfer.structure import channel_map, groups_of


def conv(inputs, outputs, kernel=3, groups=1):
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups)


class Grouped(nn.Module):
    """A grouped convolution between two plain ones, with norms."""

    def __init__(self, width, groups=4):
        super().__init__()
        self.first, self.bn1 = conv(3, width), nn.BatchNorm2d(width)
        self.conv, self.bn2 = conv(width, width, groups=groups), nn.BatchNorm2d(width)
        self.last = conv(width, 2, 1)

    def forward(self, x):
        return self.last(self.bn2(self.conv(self.bn1(self.first(x)).relu())).relu())


class Dense(nn.Module):
    """Concatenations, as in a DenseNet: each layer takes all before it."""

    def __init__(self, width, growth):
        super().__init__()
        self.stem = conv(3, width)
        self.bn1, self.conv1 = nn.BatchNorm2d(width), conv(width, growth)
        self.bn2, self.conv2 = nn.BatchNorm2d(width + growth), conv(width + growth, growth)
        self.norm, self.last = nn.BatchNorm2d(width + 2 * growth), conv(width + 2 * growth, 2, 1)

    def forward(self, x):
        x = self.stem(x)
        x = torch.cat([x, self.conv1(self.bn1(x).relu())], 1)
        x = torch.cat([x, self.conv2(self.bn2(x).relu())], 1)
        return self.last(self.norm(x).relu())


class Flattened(nn.Module):
    """A classifier on a flattened map."""

    def __init__(self, width, side=4):
        super().__init__()
        self.conv, self.bn = conv(3, width), nn.BatchNorm2d(width)
        self.pool = nn.AdaptiveAvgPool2d(side)
        self.fc = nn.Linear(width * side * side, 2)

    def forward(self, x):
        return self.fc(self.pool(self.bn(self.conv(x)).relu()).flatten(1))


class Residual(nn.Module):
    """Residual blocks of depthwise convolutions between pointwise ones, and a squeeze-excite."""

    def __init__(self, width, inner):
        super().__init__()
        self.stem, self.bn0 = conv(3, width), nn.BatchNorm2d(width)
        for at in "ab":
            setattr(self, f"{at}_expand", conv(width, inner, 1))
            setattr(self, f"{at}_bn1", nn.BatchNorm2d(inner))
            setattr(self, f"{at}_deep", conv(inner, inner, groups=inner))
            setattr(self, f"{at}_bn2", nn.BatchNorm2d(inner))
            setattr(self, f"{at}_squeeze", conv(inner, 4, 1))
            setattr(self, f"{at}_excite", conv(4, inner, 1))
            setattr(self, f"{at}_project", conv(inner, width, 1))
            setattr(self, f"{at}_bn3", nn.BatchNorm2d(width))
        self.last = nn.Linear(width, 2)

    def forward(self, x):
        x = self.bn0(self.stem(x))
        for at in "ab":
            part = {name: getattr(self, f"{at}_{name}") for name in PARTS}
            y = part["bn1"](part["expand"](x)).relu()
            y = part["bn2"](part["deep"](y)).relu()
            gate = part["excite"](part["squeeze"](y.mean((2, 3), keepdim=True)).relu()).sigmoid()
            x = x + part["bn3"](part["project"](y * gate))
        return self.last(x.mean((2, 3)))


PARTS = ("expand", "bn1", "deep", "bn2", "squeeze", "excite", "project", "bn3")


class Attention(nn.Module):
    """Attention of heads on the stream, by a projection of query, key and value together."""

    class Attn(nn.Module):
        def __init__(self, width, heads):
            super().__init__()
            self.num_heads = heads
            self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

        def forward(self, x):
            batch, count, width = x.shape
            qkv = self.qkv(x).view(batch, count, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
            made = nn.functional.scaled_dot_product_attention(*qkv, scale=0.5)
            return self.proj(made.transpose(1, 2).reshape(batch, count, width))

    def __init__(self, width, heads):
        super().__init__()
        self.first, self.attn, self.last = nn.Linear(3, width), self.Attn(width, heads), nn.Linear(width, 2)

    def forward(self, x):
        x = self.first(x)
        return self.last(x + self.attn(x))


class TorchAttention(nn.Module):
    """The attention of torch, whose input projection is a parameter of its own."""

    def __init__(self, width, heads):
        super().__init__()
        self.first = nn.Linear(3, width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.last = nn.Linear(width, 2)

    def forward(self, x):
        x = self.first(x)
        return self.last(x + self.attn(x, x, x, need_weights=False)[0])


IMAGE, TOKENS = (2, 3, 8, 8), (2, 5, 3)


def carried(source, target, shape, **options):
    """Transfer every layer to its like in a target of zeros; return both outputs on one input."""
    matching = paired(network_of(source), network_of(target))
    flows = trace_flow(source, [shape]), trace_flow(target, [shape])
    with torch.no_grad():
        for key, value in target.state_dict().items():
            # A norm without a source passes nothing on, whatever it sees.
            value.fill_(1.0 if key.endswith("running_var") else 0.0)
    plan = plan_transfer(matching, flows=flows, **options)
    plan = resolve_plan(plan, matching, source.state_dict().__getitem__, flows=flows)
    apply_plan(plan, source.state_dict().__getitem__, target.state_dict())
    x = torch.randn(shape, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        return plan, source.eval()(x), target.eval()(x)


GROWING = {
    "grouped": (lambda: Grouped(8), lambda: Grouped(16), IMAGE),
    "fewer groups": (lambda: Grouped(8, 2), lambda: Grouped(24, 4), IMAGE),
    "concatenated": (lambda: Dense(4, 2), lambda: Dense(6, 5), IMAGE),
    "flattened": (lambda: Flattened(4), lambda: Flattened(7), IMAGE),
    "residual": (lambda: Residual(4, 6), lambda: Residual(7, 11), IMAGE),
    "more heads": (lambda: Attention(8, 2), lambda: Attention(16, 4), TOKENS),
    "more heads of torch's": (lambda: TorchAttention(8, 2), lambda: TorchAttention(16, 4), TOKENS),
}


@pytest.mark.parametrize("name", GROWING)
def test_a_source_aligned_by_structure_works_on_inside_a_larger_target(name):
    source, target, shape = GROWING[name]
    _, expected, found = carried(filled(source(), 1), target(), shape, align="structure")
    assert torch.allclose(expected, found, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["grouped", "concatenated", "more heads"])
def test_the_papers_crop_does_not_keep_the_function_there(name):
    source, target, shape = GROWING[name]
    _, expected, found = carried(filled(source(), 1), target(), shape, align="paper")
    assert not torch.allclose(expected, found, rtol=1e-2, atol=1e-2)


def quiet(module, kept):
    """Let all channels but those kept be silent, and their weights the smallest; `kept` by layer."""
    with torch.no_grad():
        for path, channels in kept.items():
            layer = module.get_submodule(path)
            silent = [at for at in range(layer.weight.shape[0]) if at not in channels]
            layer.weight[silent] = 0
            layer.bias[silent] = 0
            if hasattr(layer, "running_mean"):
                layer.running_mean[silent] = 0
    return module


def of_residual(width, inner):
    layers = {"stem": width, "bn0": width}
    for at in "ab":
        layers |= {f"{at}_project": width, f"{at}_bn3": width, f"{at}_deep": inner}
        layers |= {f"{at}_expand": inner, f"{at}_bn1": inner, f"{at}_bn2": inner}
    return layers


SHRINKING = {
    # In each case channels that lie apart, and not in the centre.
    "residual": (
        lambda: quiet(filled(Residual(8, 12), 1), of_residual((0, 3, 6, 7), (1, 2, 5, 8, 9, 11))),
        lambda: Residual(4, 6),
    ),
    "grouped": (
        lambda: quiet(
            filled(Grouped(16), 1),
            dict.fromkeys(("first", "bn1", "conv", "bn2"), (0, 3, 4, 7, 8, 11, 12, 15)),
        ),
        lambda: Grouped(8),
    ),
    "concatenated": (
        lambda: quiet(filled(Dense(6, 4), 1), {"stem": (0, 4, 5), "conv1": (0, 3), "conv2": (1, 2)}),
        lambda: Dense(3, 2),
    ),
    "flattened": (
        lambda: quiet(filled(Flattened(8), 1), dict.fromkeys(("conv", "bn"), (0, 1, 6))),
        lambda: Flattened(3),
    ),
}


@pytest.mark.parametrize("align", ["paper", "structure"])
@pytest.mark.parametrize("name", SHRINKING)
def test_a_traced_choice_keeps_the_function_of_the_channels_that_work(name, align):
    source, target = (make() for make in SHRINKING[name])
    if name == "concatenated":
        silence_norms(source)
    plan, expected, found = carried(source, target, IMAGE, operator="trace", align=align)
    assert torch.allclose(expected, found, rtol=1e-4, atol=1e-4)
    assert not [note for note in plan.notes if "traced" in note]


def silence_norms(source):
    """Let norms on concatenated channels map 0 to 0, so that silent channels stay silent."""
    with torch.no_grad():
        for norm in (source.bn1, source.bn2, source.norm):
            norm.bias.zero_()
            norm.running_mean.zero_()


@pytest.mark.parametrize("name", SHRINKING)
def test_a_choice_layer_by_layer_does_not_keep_it(name):
    source, target = (make() for make in SHRINKING[name])
    _, expected, found = carried(source, target, IMAGE, operator="clip")
    assert not torch.allclose(expected, found, rtol=1e-2, atol=1e-2)


def test_every_layer_that_makes_a_channel_has_the_same_say():
    class Sum(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.loud, self.quiet = nn.Conv2d(3, width, 1), nn.Conv2d(3, width, 1)
            self.last = nn.Conv2d(width, 2, 1)

        def forward(self, images):
            return self.last(self.loud(images) + self.quiet(images))

    source, target = filled(Sum(4), 1), filled(Sum(2), 2)
    with torch.no_grad():
        # The loud layer hardly prefers the last channels, the quiet one clearly the first.
        source.loud.weight[:] = 1e6 * (1 + torch.arange(4.0) / 1000).view(4, 1, 1, 1)
        source.quiet.weight[:] = torch.arange(4.0, 0.0, -1.0).view(4, 1, 1, 1)
    plan, *_ = carried(source, target, IMAGE, operator="trace")
    assert tuple(plan.by_target["last.weight"].source_indices[1]) == (0, 1)


def test_what_cannot_be_traced_is_chosen_by_magnitude_and_said():
    source, target = filled(Grouped(16), 1), Grouped(8)
    matching = paired(network_of(source), network_of(target))
    read = source.state_dict().__getitem__
    untraced = plan_transfer(matching, operator="trace", read=read)
    assert any("is not known" in note for note in untraced.notes)
    by_magnitude = plan_transfer(matching, operator="magnitude", read=read)
    assert untraced.rows == by_magnitude.rows
    flows = trace_flow(source, [IMAGE]), trace_flow(target, [IMAGE])
    some = paired(matching.source, matching.target, [("conv", "conv"), ("last", "last")])
    plan = plan_transfer(some, operator="trace", read=read, flows=flows)
    assert any("In 1 layer" in note for note in plan.notes)


def test_the_channels_of_a_residual_stream_are_one_set():
    module = Residual(4, 6)
    found = channel_map(network_of(module), trace_flow(module, [IMAGE]))
    stream = found.layers["stem"].outputs
    for path in ("bn0", "a_project", "b_project", "a_bn3", "b_bn3"):
        assert found.layers[path].outputs == stream, path
    assert found.layers["a_expand"].inputs == found.layers["last"].inputs == stream
    inner = found.layers["a_expand"].outputs
    for path in ("a_bn1", "a_deep", "a_excite", "a_project"):
        layer = found.layers[path]
        assert inner in (layer.inputs, layer.outputs), path
    assert found.layers["a_deep"].depthwise
    assert found.layers["a_bn2"].maker == "a_deep"
    assert found.layers["a_bn1"].maker == "a_expand"


def test_concatenations_and_folded_places_are_seen():
    module = Dense(4, 2)
    found = channel_map(network_of(module), trace_flow(module, [IMAGE]))
    parts = [found.layers[path].outputs.sets[0] for path in ("stem", "conv1", "conv2")]
    assert found.layers["last"].inputs.sets == tuple(parts)
    module = Flattened(4, 3)
    found = channel_map(network_of(module), trace_flow(module, [IMAGE]))
    assert found.layers["fc"].inputs.folded == (3, 3)
    assert found.layers["fc"].inputs.sets == found.layers["conv"].outputs.sets


def test_without_a_flow_only_a_norm_shares_the_channels_of_the_layer_before_it():
    found = channel_map(network_of(Grouped(8)))
    assert not found.traced
    assert found.layers["bn2"].outputs == found.layers["conv"].outputs
    assert found.layers["conv"].inputs != found.layers["first"].outputs
    assert found.grid(found.layers["bn2"].outputs.sets[0]) == (4, 2)


def test_live_modules_are_traced_where_the_operator_needs_it():
    source, target = filled(Residual(8, 12), 1), Residual(4, 6)
    matching = paired(network_of(source), network_of(target))
    report = transfer_between(source, target, matching, TransferOptions(operator="trace", align="structure"))
    assert not [note for note in report.notes if "not known" in note]
    kept = [
        at for at in range(8) if any(torch.equal(source.bn0.weight[at], one) for one in target.bn0.weight)
    ]
    assert len(kept) == 4
    assert torch.equal(target.last.weight, source.last.weight[:, kept])


def test_frozen_parameters_are_left_alone_and_named():
    source, target = filled(Grouped(8), 1), filled(Grouped(8), 2)
    matching = paired(network_of(source), network_of(target))
    target.last.weight.requires_grad_(False)
    before = target.last.weight.clone()
    report = transfer_between(source, target, matching)
    assert torch.equal(target.last.weight, before)
    assert any("last.weight" in note for note in report.notes)
    target.requires_grad_(False)
    transfer_between(source, target, matching)
    assert torch.equal(target.last.weight, source.last.weight)


def test_groups_of_a_checkpoint_are_read_off_the_shape_of_a_depthwise_weight():
    module = Residual(4, 6)
    layers = {layer.path: layer for layer in network_of(module).layers}
    bare = {path: layer.__class__(path, layer.kind, "", layer.tensors) for path, layer in layers.items()}
    assert groups_of(bare["a_deep"]) == 6
    assert groups_of(bare["a_expand"]) == 1
