"""Which files of Python code a person has said may be run."""

import json
from pathlib import Path

from dpiat_gui.errors import SourceError, TrustError
from dpiat_gui.files import read_json, write_error, write_whole
from dpiat_gui.networks.folders import config_folder, expanded

_VERSION = 1


class TrustStore:
    """A list of trusted files, each with its content, kept on disk.

    Parameters
    ----------
    path
        The JSON file that holds the list; the one in the config folder if None.

    Notes
    -----
    Trust is given once per file and content: an edited file is asked about again, and so is
    the same content elsewhere. It covers the file itself; what that file imports runs with it.
    A damaged list counts as empty: nothing in it is trusted.
    """

    def __init__(self, path: Path | str | None = None) -> None:
        self.path = Path(path) if path is not None else config_folder() / "trusted.json"

    def is_trusted(self, file: Path | str, content: bytes | None = None) -> bool:
        """Tell whether the file may be run with the content it has now, or with `content`.

        Raises
        ------
        SourceError
            If the file cannot be read.
        """
        resolved = _resolved(file)
        return _digest(resolved, content) in self._read().get(str(resolved), [])

    def trust(self, file: Path | str) -> None:
        """Let the file be run with the content it has now, from now on.

        Raises
        ------
        SourceError
            If the file cannot be read.
        ExportError
            If the list cannot be written.
        """
        resolved = _resolved(file)
        digest = _digest(resolved, None)
        trusted = self._read()
        known = trusted.setdefault(str(resolved), [])
        if digest in known:
            return
        known.append(digest)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(self.path, error) from error
        text = json.dumps({"version": _VERSION, "trusted": trusted}, indent=1)
        with write_whole(self.path) as stream:
            stream.write(text.encode())

    def check(self, file: Path | str, content: bytes | None = None) -> None:
        """Raise unless the file is trusted.

        Raises
        ------
        TrustError
            If it is not; the hint says how to trust it.
        """
        if not self.is_trusted(file, content):
            raise TrustError(
                f"Opening this network runs the code in {_resolved(file)}, which is not trusted yet.",
                "Read the file; then allow it in the window, or add --trust on the command line.",
            )

    def _read(self) -> dict[str, list[str]]:
        try:
            data = read_json(self.path)
            trusted = data["trusted"] if data["version"] == _VERSION else {}
            return {str(file): [str(digest) for digest in digests] for file, digests in trusted.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}


def _resolved(file: Path | str) -> Path:
    return expanded(file).resolve()


def _digest(file: Path, content: bytes | None) -> str:
    # Here and not above: OpenSSL is not loaded before the window's first paint.
    import hashlib

    return hashlib.sha256(read_code(file) if content is None else content).hexdigest()


def read_code(file: Path) -> bytes:
    """Read a file of code whole.

    Raises
    ------
    SourceError
        If there is none, or it cannot be read.
    """
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {file}.", "Check the path.") from error
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror or error}.", "Check the path.") from error
