"""From a project to the transfer it asks for: the one way, for the window and the command line alike."""

import os

from dpiat_gui.errors import ProjectError
from dpiat_gui.project.values import Project
from dpiat_gui.transfer.request import TransferRequest


def transfer_request(project: Project, output: str | os.PathLike[str]) -> TransferRequest:
    """Return the transfer that a project asks for; equal projects give equal bytes.

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
