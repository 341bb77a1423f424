"""Small networks with one way of branching each, for tests of the flow."""

from typing import Any

import torch
from torch import nn


def conv(inputs: int, outputs: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)


class Residual(nn.Module):
    """Two convolutions, and the input added: as it is, projected, pooled, or not at all."""

    def __init__(self, shortcut: str = "identity") -> None:
        super().__init__()
        self.conv1, self.bn1, self.act1 = conv(8, 8), nn.BatchNorm2d(8), nn.ReLU(inplace=True)
        self.conv2, self.bn2, self.act2 = conv(8, 8), nn.BatchNorm2d(8), nn.ReLU(inplace=True)
        self.kind = shortcut
        if shortcut == "projection":
            self.shortcut: nn.Module = nn.Sequential(nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8))
        elif shortcut == "pool":
            self.shortcut = nn.AvgPool2d(3, 1, 1)
        elif shortcut == "empty":
            self.shortcut = nn.Sequential()
        else:
            self.shortcut = nn.Identity()

    def forward(self, x: Any) -> Any:
        y = self.bn2(self.conv2(self.act1(self.bn1(self.conv1(x)))))
        if self.kind == "scaled":
            y = y + 0.5 * x
        elif self.kind == "inplace":
            y += x
        elif self.kind != "none":
            y = y + self.shortcut(x)
        return self.act2(y)


class Gate(nn.Module):
    """Squeeze and excite."""

    def __init__(self) -> None:
        super().__init__()
        self.reduce, self.expand = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)

    def forward(self, x: Any) -> Any:
        s = torch.relu(self.reduce(x.mean((2, 3), keepdim=True)))
        return x * self.expand(s).sigmoid()


class Gated(nn.Module):
    """A residual block with a gate inside."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.se, self.conv2 = conv(8, 8), Gate(), conv(8, 8)

    def forward(self, x: Any) -> Any:
        return x + self.conv2(self.se(self.conv1(x)))


class Towers(nn.Module):
    """Three branches that are concatenated."""

    def __init__(self) -> None:
        super().__init__()
        self.one = conv(8, 2, 1)
        self.two = nn.Sequential(conv(8, 3, 1), conv(3, 3))
        self.pool, self.three = nn.AvgPool2d(3, 1, 1), conv(8, 3, 1)

    def forward(self, x: Any) -> Any:
        return torch.cat([self.one(x), self.two(x), self.three(self.pool(x))], 1)


class Split(nn.Module):
    """Channels split, each part convolved, and put together again (a mixed convolution)."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList([conv(4, 4, 3), conv(4, 4, 5)])

    def forward(self, x: Any) -> Any:
        return torch.cat([part(y) for part, y in zip(self.convs, x.chunk(2, 1), strict=True)], 1)


class Partial(nn.Module):
    """Adds its input to the first channels of its wider output (ReXNet)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = conv(8, 8), conv(8, 12)

    def forward(self, x: Any) -> Any:
        y = self.conv2(self.conv1(x))
        y[:, 0:8] += x
        return y


class Twice(nn.Module):
    """Applies one convolution twice."""

    def __init__(self) -> None:
        super().__init__()
        self.shared, self.last = conv(8, 8), conv(8, 8)

    def forward(self, x: Any) -> Any:
        return self.last(self.shared(torch.relu(self.shared(x))))


class Network(nn.Module):
    """A stem, some blocks, and a head."""

    def __init__(self, *blocks: nn.Module) -> None:
        super().__init__()
        self.stem, self.bn, self.act = conv(3, 8), nn.BatchNorm2d(8), nn.ReLU()
        self.blocks = nn.Sequential(*blocks)
        self.pool, self.flat = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.head = nn.Linear(12 if isinstance(blocks[-1], Partial) else 8, 10)

    def forward(self, x: Any) -> Any:
        x = self.blocks(self.act(self.bn(self.stem(x))))
        return self.head(self.flat(self.pool(x)))
