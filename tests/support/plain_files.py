"""Checkpoints of many plain tensors, for transfers that take milliseconds."""

import hashlib

import torch
from safetensors.torch import save_file

from dpiat_gui.file_sets import finish_set
from dpiat_gui.transfer.request import TransferRequest

FORMS = {
    "one file": ("out.safetensors", {}),
    "shards": ("out.safetensors", {"max_shard_size": 400_000}),
    "shards and manifest": ("out.safetensors", {"max_shard_size": 400_000, "manifest": True}),
    "file and manifest": ("out.safetensors", {"manifest": True}),
    "pth": ("out.pth", {}),
}
"""What can be written: the name, and the fields of the request."""


def write_networks(folder, layers=12):
    """Write two checkpoints of some 2 MB in sum; return their paths."""
    folder.mkdir(exist_ok=True)
    generator = torch.Generator().manual_seed(0)
    paths = []
    for name, width in (("source", 40), ("target", 56)):
        state = {}
        for number in range(layers):
            inputs = 3 if number == 0 else width
            state[f"conv{number}.weight"] = torch.randn(width, inputs, 3, 3, generator=generator)
            state[f"bn{number}.weight"] = torch.randn(width, generator=generator)
            state[f"bn{number}.bias"] = torch.randn(width, generator=generator)
        paths.append(folder / f"{name}.safetensors")
        save_file(state, paths[-1])
    return paths


def asked(networks, folder, form, seed=0):
    """Return the request of a form, into a folder."""
    name, fields = FORMS[form]
    source, target = networks
    return TransferRequest(str(source), str(target), str(folder / name), device="cpu", seed=seed, **fields)


def state_of(folder):
    """Return the hash of every file a person sees; a set whose writer was killed is completed first."""
    for name in ("out.safetensors.index.json", "out.safetensors", "out.pth"):
        finish_set(folder / name)
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if not path.name.startswith(".")
    }
