"""The files that a network is read from."""

from pathlib import Path

from dpiat_gui.networks.references import CHECKPOINT_PATH, SourceReference
from dpiat_gui.networks.sharded import checkpoint_files, is_index


def files_of(reference: SourceReference) -> list[Path]:
    """Return the files that a network is read from: none for a name that timm or Python finds.

    Raises
    ------
    SourceError
        As `checkpoint_files`.
    """
    files = [reference.path] if reference.path is not None else []
    if reference.kind == "checkpoint" and is_index(reference.name):
        files += checkpoint_files(Path(reference.name))
    weights = reference.option(CHECKPOINT_PATH)
    return [*files, Path(str(weights))] if weights else files
