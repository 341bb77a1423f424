"""A sample of timm's families through every standardization; all of them: tests/benchmarks/all_timm.py."""

from dataclasses import replace

import pytest
import timm

from dpiat_gui.matching.similarity import similarity
from dpiat_gui.matching.values import MatchOptions
from dpiat_gui.networks.meta_build import build_structure
from dpiat_gui.networks.standardize import standardize_tree
from dpiat_gui.networks.torch_modules import tree_of
from dpiat_gui.networks.tracing import trace_flow

SAMPLE = (
    *("efficientnet_b4", "tf_efficientnetv2_s", "mixnet_xl", "mobilenetv3_large_100"),
    *("mobilenetv4_hybrid_medium", "mnasnet_100", "rexnetr_200", "ghostnetv2_100", "resnet34", "resnet50d"),
    *("seresnext50_32x4d", "resnetv2_50x1_bit", "resnest26d", "skresnet34", "densenet161", "inception_v4"),
    *("legacy_xception", "hrnet_w18_small", "dla60_res2net", "dpn92", "vgg16_bn", "ese_vovnet39b"),
    *("regnetz_b16", "dm_nfnet_f0", "convnextv2_tiny", "convmixer_1024_20_ks9_p14", "cspdarknet53"),
    *("nasnetalarge", "repvgg_b0", "selecsls60", "vit_small_patch16_224", "deit3_small_patch16_224"),
    *("swinv2_cr_tiny_224", "beitv2_base_patch16_224", "gmlp_s16_224", "coat_lite_tiny"),
    *("coatnet_0_rw_224", "maxvit_rmlp_tiny_rw_256", "crossvit_tiny_240", "mvitv2_tiny", "pvt_v2_b1"),
    "twins_svt_small",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLE)
def test_a_model_is_like_itself(name: str) -> None:
    module = build_structure(lambda: timm.create_model(name))
    tree = tree_of(module, name)
    traced = replace(tree, flow=trace_flow(module, owned=True))
    for made in (
        standardize_tree(tree),
        standardize_tree(traced, "graph"),
        standardize_tree(tree, "flatten"),
    ):
        for layer_types in ("paper", "all"):
            both = similarity(made, made, MatchOptions(layer_types=layer_types))
            assert both.forward == pytest.approx(1, abs=1e-9)
            assert both.backward == pytest.approx(1, abs=1e-9)
        assert len({entry.path for entry in made.sequence}) == len(made.sequence)
