"""Checkpoints in several .safetensors files, held together by an index."""

from pathlib import Path
from typing import Any

from dpiat_gui.errors import SourceError
from dpiat_gui.files import is_plain_name, read_json
from dpiat_gui.networks.file_checks import check_file, readable

INDEX_SUFFIX = ".safetensors.index.json"
"""What the name of an index ends in."""


def is_index(path: Path | str) -> bool:
    """Tell by its name whether a file is the index of a sharded checkpoint."""
    return Path(path).name.lower().endswith(INDEX_SUFFIX)


def checkpoint_files(path: Path) -> list[Path]:
    """Return the files that hold a checkpoint's tensors: the shards of an index, or the file itself.

    Raises
    ------
    SourceError
        If an index cannot be read, names files elsewhere, or a shard is missing.
    """
    if not is_index(path):
        return [path]
    check_file(path)
    try:
        with readable(path):
            index: Any = read_json(path)
        names = sorted({str(name) for name in index["weight_map"].values()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"{path} is no index of a sharded checkpoint.", "Choose another file, or download it again."
        ) from error
    if not all(map(is_plain_name, names)):
        raise SourceError(f"{path} names files in other folders.", "Put the shards beside their index.")
    files = [path.with_name(name) for name in names]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise SourceError(
            f"{path} speaks of {missing[0]}{more}, and there is no such file.", "Put the shards beside it."
        )
    return files
