"""Small networks with one layer of every kind, at any width, for tests of the operators."""

import torch
from torch import nn


class Bare(nn.Module):
    """Parameters of its own beside a layer: a token, a scale for each channel."""

    def __init__(self, width):
        super().__init__()
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.scale = nn.Parameter(torch.ones(width))
        self.fc = nn.Linear(width, width)

    def forward(self, x):
        return self.fc(x * self.scale) + self.token


class Attention(nn.Module):
    """An attention of two heads on the stream."""

    def __init__(self, width):
        super().__init__()
        self.first = nn.Linear(3, width)
        self.attn = nn.MultiheadAttention(width, 2, batch_first=True)
        self.last = nn.Linear(width, 3)

    def forward(self, x):
        x = self.first(x)
        return self.last(x + self.attn(x, x, x)[0])


def _stack(*layers):
    return nn.Sequential(*layers)


MAKERS = {
    "conv": lambda n: _stack(nn.Conv2d(3, n, 3), nn.BatchNorm2d(n), nn.ReLU(), nn.Conv2d(n, n // 2, 3)),
    "conv 1-d": lambda n: _stack(nn.Conv1d(3, n, 3), nn.BatchNorm1d(n), nn.Conv1d(n, n // 2, 3)),
    "conv 3-d": lambda n: _stack(nn.Conv3d(2, n, 2), nn.BatchNorm3d(n), nn.Conv3d(n, n // 2, 1)),
    "grouped": lambda n: _stack(
        nn.Conv2d(3, n, 1), nn.Conv2d(n, n, 3, groups=2), nn.BatchNorm2d(n), nn.Conv2d(n, 2 * n, 1, groups=4)
    ),
    "depthwise": lambda n: _stack(
        nn.Conv2d(3, n, 1), nn.Conv2d(n, n, 3, groups=n), nn.BatchNorm2d(n), nn.PReLU(n), nn.Conv2d(n, n, 1)
    ),
    "transposed": lambda n: _stack(
        nn.ConvTranspose2d(3, n, 3), nn.BatchNorm2d(n), nn.ConvTranspose2d(n, n // 2, 2)
    ),
    "transposed 1-d and 3-d": lambda n: nn.ModuleList(
        [nn.ConvTranspose1d(3, n, 3), nn.ConvTranspose1d(n, 3, 2), nn.ConvTranspose3d(3, n, 2)]
    ),
    "transposed grouped": lambda n: _stack(nn.Conv2d(3, n, 1), nn.ConvTranspose2d(n, 2 * n, 3, groups=4)),
    "linear": lambda n: _stack(nn.Linear(5, n), nn.LayerNorm(n), nn.GELU(), nn.Linear(n, 3)),
    "group norm": lambda n: _stack(nn.Conv2d(3, n, 3), nn.GroupNorm(2, n), nn.Conv2d(n, 4, 1)),
    "embedding": lambda n: _stack(nn.Embedding(2 * n, n), nn.LayerNorm(n), nn.Linear(n, 3)),
    "attention": Attention,
    "bare": Bare,
    "flattened": lambda n: _stack(nn.Conv2d(3, n, 3, padding=1), nn.Flatten(), nn.Linear(n * n * n, 3)),
}
"""How to make a network of a width, a multiple of 4."""

INPUTS = {
    "conv": (1, 3, 8, 8),
    "conv 1-d": (1, 3, 8),
    "conv 3-d": (1, 2, 6, 6, 6),
    "grouped": (1, 3, 8, 8),
    "depthwise": (1, 3, 8, 8),
    "transposed": (1, 3, 8, 8),
    "transposed grouped": (1, 3, 8, 8),
    "linear": (1, 5),
    "group norm": (1, 3, 8, 8),
    "attention": (1, 4, 3),
}
"""Shapes of inputs, where a network is to be run and its input is not its width's affair."""


def filled(module, seed):
    """Fill a network with random values, running statistics and biases included."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, value in module.state_dict().items():
            if value.is_floating_point():
                made = torch.randn(value.shape, generator=generator)
                value.copy_(made.abs() + 0.5 if key.endswith("var") else made)
    return module
