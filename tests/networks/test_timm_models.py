import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.references import parse_reference
from dpiat_gui.networks.timm_models import create_timm_model, near_names, timm_names, timm_tree, timm_version
from dpiat_gui.networks.torch_modules import tree_of


@pytest.mark.parametrize(
    "name",
    [
        "efficientnet_b0",
        "mixnet_s",
        "rexnet_100",
        "resnet50",
        "densenet121",
        "convnext_tiny",
        "vit_small_patch16_224",
        "swin_tiny_patch4_window7_224",
        "vit_small_patch16_rope_mixed_224",  # mixes values of two devices: falls back
    ],
)
def test_the_structure_is_that_of_the_real_model(name: str) -> None:
    import timm

    tree = timm_tree(name)
    real = tree_of(timm.create_model(name), name, f"timm:{name}")
    assert tree.root == real.root
    assert (tree.name, tree.origin) == (name, f"timm:{name}")
    assert tree.details == (("timm", timm.__version__),)


def test_options_change_the_structure_and_weights_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the network was reached")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    plain = timm_tree("mobilenetv2_100")
    options = {"num_classes": 10, "pretrained": True, "checkpoint_path": "/nowhere.pth"}
    ten = timm_tree("mobilenetv2_100", options)
    assert ten.tensors[-1].shape == (10,)
    assert plain.tensors[-1].shape == (1000,)
    assert ten.origin == parse_reference(ten.origin).text
    assert timm_tree("mobilenetv2_100.ra_in1k").root == plain.root
    headless = timm_tree("resnet18", {"num_classes": 0, "in_chans": 1})
    assert headless.tensors[0].shape == (64, 1, 7, 7)
    assert headless.root.children[-1].class_name == "Identity"


@pytest.mark.parametrize(
    ("name", "options", "message", "hint"),
    [
        ("resnet5O", {}, "no model named 'resnet5O'", "resnet50"),
        ("efficientnet-b0", {}, "no model", "efficientnet_b0"),
        ("nonsense_beyond_words", {}, "no model", "timm.list_models"),
        ("resnet50.a1_in2k", {}, "no weights tagged", "a1_in1k"),
        ("hf-hub:timm/resnet50", {}, "outside timm", "checkpoint"),
        ("resnet18", {"num_clases": 3}, "no option named 'num_clases'", "num_classes"),
        ("vovnet39a", {"strange": 3}, "no option named 'strange'", "Most have"),
        ("resnet18", {"num_classes": "ten"}, "whole number", "num_classes=10"),
        ("resnet18", {"num_classes": True}, "whole number", "num_classes=10"),
        ("resnet18", {"in_chans": 0}, "at least 1", "in_chans"),
        ("resnet18", {"pretrained": 1}, "true or false", "pretrained=true"),
        ("resnet18", {"device": "cuda"}, "cannot be given here", "transfer"),
        ("resnet18", {"global_pool": "weird"}, "cannot build resnet18 with global_pool=weird", "one by one"),
    ],
)
def test_what_timm_does_not_have_is_said_with_what_it_has(
    name: str, options: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(SourceError) as caught:
        timm_tree(name, options)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_every_option_that_is_not_timms_is_refused_for_every_family() -> None:
    # One model of each of some families that pass options on differently.
    for name in (
        "efficientnet_b0",
        "vit_tiny_patch16_224",
        "hrnet_w18_small",
        "dpn68",
        "coat_tiny",
        "nfnet_f0",
    ):
        with pytest.raises(SourceError, match="no option named 'zzz'"):
            timm_tree(name, {"zzz": 1})


def test_pretrained_weights_out_of_reach_say_how_to_go_on_and_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    from dpiat_gui.networks import hub

    # As on a machine without a network, where nothing has said so beforehand.
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "hub_answers", lambda endpoint: False)
    with pytest.raises(SourceError) as caught:
        create_timm_model("mobilenetv2_050", {"pretrained": True})
    assert "pretrained weights" in caught.value.message
    assert "checkpoint_path" in caught.value.hint
    assert "HF_HOME" in caught.value.hint
    assert constants.HF_HUB_OFFLINE is False


def test_a_given_checkpoint_is_loaded_whole_and_only_if_it_fits(tmp_path: Path) -> None:
    import torch

    model = create_timm_model("resnet18", {"num_classes": 3})
    path = tmp_path / "mine.pth"
    torch.save({"state_dict": {f"module.{key}": value for key, value in model.state_dict().items()}}, path)
    loaded = create_timm_model("resnet18", {"num_classes": 3, "checkpoint_path": str(path)})
    state = loaded.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    with pytest.raises(SourceError, match="not those of timm's resnet18"):
        create_timm_model("resnet18", {"num_classes": 4, "checkpoint_path": str(path)})
    with pytest.raises(SourceError, match="no file"):
        create_timm_model("resnet18", {"checkpoint_path": str(tmp_path / "none.pth")})


def test_the_shipped_names_are_timms() -> None:
    import timm

    if timm.__version__ != "1.0.31":
        pytest.skip("the list is that of timm 1.0.31")
    assert list(timm_names()) == timm.list_models()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("resnet5O", "resnet50"),
        ("efficientnetb0", "efficientnet_b0"),
        ("efficientnet-b0", "efficientnet_b0"),
        ("EfficientNet_B0", "efficientnet_b0"),
        ("mobilnetv2_100", "mobilenetv2_100"),
        ("convnext_tny", "convnext_tiny"),
    ],
)
def test_near_names_begin_with_the_one_meant(written: str, meant: str) -> None:
    assert near_names(written)[0] == meant
    assert len(near_names("resnet", limit=3)) == 3
    assert near_names("zzzzqqqq") == ()


def test_names_and_version_need_neither_torch_nor_timm() -> None:
    code = (
        "import sys; from dpiat_gui.networks.timm_models import *;"
        "assert timm_names() and near_names('resnet5O') and timm_version();"
        "assert not {'torch', 'timm'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert timm_version()
