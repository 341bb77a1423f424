"""Files shipped with the program: icons, help, and the structures of the built-in demo."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def resource(name: str) -> Traversable:
    """Return the shipped file or folder `name`, a path with forward slashes below this folder.

    Raises
    ------
    FileNotFoundError
        If nothing of that name is shipped.
    """
    found = files(__name__).joinpath(*name.split("/"))
    if not (found.is_file() or found.is_dir()):
        raise FileNotFoundError(f"No resource is named {name!r}.")
    return found
