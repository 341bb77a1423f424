"""What is selected: a path on either side."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """A source and a target, by path of a layer or a block; either may be missing.

    Parameters
    ----------
    source, target
        Paths, None for a side where nothing is selected.
    """

    source: str | None = None
    target: str | None = None

    @property
    def pair(self) -> tuple[str | None, str | None]:
        """Source and target, as overrides hold them."""
        return self.source, self.target

    def __bool__(self) -> bool:
        return self.source is not None or self.target is not None
