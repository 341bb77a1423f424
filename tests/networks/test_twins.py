"""The models that checkpoints are run as."""

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.references import parse_reference
from dpiat_gui.networks.sources import load_network
from dpiat_gui.networks.twins import build_twin, twin_of


def outputs(*modules):
    batch = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return [module.eval()(batch) for module in modules]


def stirred(module):
    """Give batch norms statistics of their own: counters and buffers must be carried as well."""
    generator = torch.Generator().manual_seed(1)
    for buffer in module.buffers():
        if buffer.is_floating_point():
            buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)
    return module


def test_a_twin_computes_what_its_author_computes(tmp_path):
    theirs = stirred(torchvision.models.mobilenet_v2(num_classes=7))
    path = tmp_path / "theirs.pth"
    torch.save({"state_dict": theirs.state_dict()}, path)
    twin = twin_of(parse_reference(str(path)))
    assert twin.model.text == "timm:mobilenetv2_100?num_classes=7"
    assert twin.renamed
    assert "theirs holds no code: it was run as timm's mobilenetv2_100" in twin.note
    mine, expected = outputs(build_twin(twin), theirs)
    assert torch.allclose(mine, expected, atol=1e-5)
    # Layers are called by the author's names.
    named = {twin.path_of(layer) for layer in load_network(twin.model).layers if layer.tensors}
    assert named == {layer.path for layer in load_network(str(path)).layers if layer.tensors}


def test_a_checkpoint_under_timms_own_keys_is_its_model_without_counters_too(tmp_path):
    own = stirred(timm.create_model("mnasnet_050", num_classes=3))
    state = {key: value for key, value in own.state_dict().items() if "num_batches" not in key}
    save_file(state, tmp_path / "own.safetensors")
    twin = twin_of(parse_reference(str(tmp_path / "own.safetensors")))
    assert not twin.renamed
    assert twin.note.endswith("whose tensors it has.")
    mine, expected = outputs(build_twin(twin), own)
    assert torch.equal(mine, expected)
    assert {twin.path_of(layer) for layer in load_network(twin.model).layers} == {
        layer.path for layer in load_network(twin.model).layers
    }


def test_what_is_no_model_of_timm_has_no_twin(tmp_path):
    torch.save({"conv.weight": torch.zeros(8, 3, 3, 3)}, tmp_path / "a.pth")
    assert twin_of(parse_reference(str(tmp_path / "a.pth"))) is None
    with pytest.raises(SourceError):
        twin_of(parse_reference(str(tmp_path / "missing.pth")))
