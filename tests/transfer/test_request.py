import json

import pytest

from dpiat_gui.errors import TransferError
from dpiat_gui.matching.values import Overrides, match_options
from dpiat_gui.transfer.request import MAX_SEED, TransferRequest


def test_requests_survive_the_way_through_json():
    asked = TransferRequest(
        "a.pth",
        "timm:resnet18",
        "o.pth",
        options=match_options("paper", exponent=0.25),
        overrides=Overrides(pins=[("a", "b")], bans=[("c", "d")], fresh=["e"]),
        seed=MAX_SEED,
        trust="t.json",
        source_fingerprint="f",
    )
    assert TransferRequest.from_json(json.loads(json.dumps(asked.to_json()))) == asked


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"surprise": 1}, "surprise"),
        ({"seed": "1"}, "seed"),
        ({"seed": True}, "seed"),
        ({"seed": -1}, "out of range"),
        ({"seed": MAX_SEED + 1}, "out of range"),
        ({"transfer": {"buffers": 1}}, "buffers"),
        ({"options": {"magic": 1}}, "magic"),
        ({"options": [1]}, "options"),
        ({"overrides": {"pins": "ab"}}, "pins"),
        ({"overrides": {"pins": [["a"]]}}, "pins|unpack"),
        ({"trust": 3}, "trust"),
        ({"source": None}, "source"),
    ],
)
def test_bad_requests_are_refused(changes, message):
    plain = TransferRequest("a.pth", "b.pth", "o.pth").to_json() | changes
    with pytest.raises(TransferError, match=message):
        TransferRequest.from_json(plain)


def test_a_request_needs_its_three_names():
    with pytest.raises(TransferError, match="output"):
        TransferRequest.from_json({"source": "a.pth", "target": "b.pth"})
    with pytest.raises(TransferError, match="object"):
        TransferRequest.from_json([])
