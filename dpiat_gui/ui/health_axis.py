"""The axis of scales; its module is imported with pyqtgraph, when the first curves are shown."""

from collections.abc import Sequence

from pyqtgraph import AxisItem

from dpiat_gui.ui.health_texts import share, tick_text


class ScaleAxis(AxisItem):  # type: ignore[misc]
    """Names decades, and 2 and 5 between them where they are far apart; shares in per cent."""

    def logTickStrings(self, values: Sequence[float], scale: float, spacing: float | None) -> list[str]:
        """Return the texts at logarithms."""
        low, high = self.range
        room = self.height() / max(high - low, 1e-9)
        return [tick_text(float(value), room) for value in values]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Return the texts at values."""
        if self.logMode:
            return self.logTickStrings(values, scale, spacing)
        return [share(float(value)) for value in values]
