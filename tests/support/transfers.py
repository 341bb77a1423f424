"""Small networks and requests, for tests of whole transfers."""

import hashlib

import torch

from dpiat_gui.transfer.request import TransferRequest

SMALL = "timm:mobilenetv3_small_050?num_classes=10"
"""A small network of many kinds of layers."""
OTHER = "timm:mobilenetv3_small_075?num_classes=7"


def moved(module, size=32):
    """Let the running statistics of a network move, as training does."""
    module.train()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for _ in range(3):
            module(torch.randn(4, 3, size, size, generator=generator))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def request(source, target, output, **more):
    return TransferRequest(str(source), str(target), str(output), **({"device": "cpu"} | more))
