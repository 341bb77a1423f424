"""What is chosen when several rows are selected, on the canvas or in the table: one list for all commands."""

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from dpiat_gui.document.document import Document
from dpiat_gui.document.selection import Selection

Paths = tuple[str | None, str | None]


class Chosen(QObject):
    """The rows that a command acts on: several that were chosen together, or the one selected.

    Parameters
    ----------
    document
        What they are rows of; selecting another row there gives several up.

    Signals
    -------
    changed : QObject or None
        Who changed it; several were chosen, or given up.
    """

    changed = Signal(object)

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self._several: tuple[Paths, ...] = ()
        document.selection_changed.connect(self._on_selection_changed)
        for signal in (document.source_changed, document.target_changed):
            signal.connect(self.forget)

    @property
    def several(self) -> tuple[Paths, ...]:
        """Sources and targets that were chosen together, as they were then; empty for a single row."""
        return self._several

    @property
    def selections(self) -> tuple[Selection, ...]:
        """What is chosen, each with the partner that it has now."""
        document = self._document
        if not self._several:
            return (document.selection,) if document.selection else ()
        # A target brings the source it has now; a source is asked for by itself where it has none.
        asked = (Selection(target=t) if t is not None else Selection(source=s) for s, t in self._several)
        return tuple(dict.fromkeys(map(document.resolved, asked)))

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Those of what is chosen that have two sides."""
        return tuple((one.source, one.target) for one in self.selections if one.source and one.target)

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets of what is chosen, each once."""
        return tuple(dict.fromkeys(one.target for one in self.selections if one.target is not None))

    def set_several(self, paths: Iterable[Paths], by: QObject | None = None) -> None:
        """Choose several rows together; one alone, or none, is the document's business."""
        several = tuple(dict.fromkeys(paths))
        several = several if len(several) > 1 else ()
        if several != self._several:
            self._several = several
            self.changed.emit(by)

    def forget(self) -> None:
        """Choose no more than the row that is selected."""
        self.set_several(())

    def _on_selection_changed(self, selection: Selection) -> None:
        if self._several and not any(
            (target is not None and target == selection.target) or (source and source == selection.source)
            for source, target in self._several
        ):
            self.forget()
