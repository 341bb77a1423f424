"""From a project to the transfer it asks for: the one way, for the window and the command line alike."""

import os
from dataclasses import replace

from dpiat_gui.errors import ProjectError
from dpiat_gui.project.values import Project
from dpiat_gui.transfer.request import TransferRequest


def transfer_request(project: Project, output: str | os.PathLike[str]) -> TransferRequest:
    """Return the transfer that a project asks for, into one file; equal projects give equal bytes.

    Parameters
    ----------
    project
        Networks, options and overrides.
    output
        The file to write.

    Raises
    ------
    ProjectError
        If one of the two networks is not chosen yet.
    """
    if project.source is None or project.target is None:
        side = "target" if project.source else "source"
        raise ProjectError(f"The {side} network is not chosen yet.", "Open one first.")
    return TransferRequest(
        source=project.source.reference,
        target=project.target.reference,
        output=os.fspath(output),
        method=project.method,
        options=project.options,
        overrides=project.overrides,
        transfer=project.transfer,
        device=project.device,
        seed=project.seed,
        source_fingerprint=project.source.fingerprint or None,
        target_fingerprint=project.target.fingerprint or None,
    )


def written_request(project: Project, output: str | os.PathLike[str]) -> TransferRequest:
    """Return the transfer with the way its checkpoint is written: shards, memory, manifest.

    Parameters
    ----------
    project, output
        As for `transfer_request`. A size of shards says nothing of a format that has none.

    Raises
    ------
    ProjectError
        As `transfer_request`.
    """
    writing = project.writing
    return replace(
        transfer_request(project, output),
        max_shard_size=writing.max_shard_size if os.fspath(output).lower().endswith(".safetensors") else None,
        max_device_memory=writing.max_device_memory,
        manifest=writing.manifest,
    )
