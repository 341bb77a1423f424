"""The tensors of the selected layers: asked of the engine when they are looked at, one at a time."""

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QTimer

from dpiat_gui.document.places import Place, places_of
from dpiat_gui.errors import DpiatError
from dpiat_gui.ui.action_values import Action, WindowState
from dpiat_gui.ui.inspector_plan import how_text
from dpiat_gui.ui.tab_values import Tab
from dpiat_gui.ui.tensors_pane import TensorsPane, heading
from dpiat_gui.ui.tensors_values import keys_of, read_answer, tensor_names
from dpiat_gui.ui.widgets import scrolling

if TYPE_CHECKING:
    from dpiat_gui.document.document import Document
    from dpiat_gui.networks.values import Layer
    from dpiat_gui.services.jobs import Job
    from dpiat_gui.services.theme import Theme
    from dpiat_gui.transfer.values import PlanRow
    from dpiat_gui.ui.main_window import MainWindow

WAIT_MS = 120
"""Walking through rows asks for none of them but the last."""
SAY_MS = 300
"""What takes longer is said to be under way."""
NOTHING = (
    "Select a layer, on the canvas or in the table, to see the values of its tensors: the source's, "
    "the target's own and what the transfer makes of them."
)


def _selected(state: WindowState) -> bool:
    return state.selected


ACTIONS = (
    Action(
        "show_tensors",
        "Tensor va&lues",
        "View",
        ("Ctrl+Alt+V",),
        "",
        "Look at the values of the selected layers' tensors.",
        _selected,
    ),
)
"""Rows of the table of actions."""


class TensorsFeature(QObject):
    """Keeps the pane in step with the selection while it is seen.

    Parameters
    ----------
    window
        The window it belongs to.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window = window
        self._document: Document = window.document
        self._job: Job | None = None
        self._asked: object = None
        self._chosen = "weight"
        self._number = 0
        self._pending = False
        self._folder = tempfile.TemporaryDirectory(prefix="dpiat-gui-tensors-", ignore_cleanup_errors=True)
        self.pane = TensorsPane()
        self.page = scrolling(self.pane)
        self._later = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._later.timeout.connect(self._ask)
        self._slow = QTimer(self, singleShot=True, interval=SAY_MS)
        self._slow.timeout.connect(self._say_reading)
        self.pane.tensor_chosen.connect(self._choose)
        self.pane.installEventFilter(self)
        document = self._document
        for signal in (document.selection_changed, document.plan_changed, document.matching_changed):
            signal.connect(self._refresh)

    def tabs(self) -> "Sequence[Tab]":
        """Return the pane, beside the inspector."""
        return (Tab("tensors", "Tensors", self.page, "inspector"),)

    def handlers(self) -> Mapping[str, Callable[..., object]]:
        """Return what to call for the action."""
        return {"show_tensors": lambda: self._window.pages.show("tensors")}

    def set_theme(self, theme: "Theme") -> None:
        """Draw with the colours of `theme`."""
        self.pane.set_theme(theme)

    @property
    def busy(self) -> bool:
        """Whether a tensor is being read, or about to be."""
        return self._job is not None or self._later.isActive()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Read what is selected once the pane is seen."""
        if watched is self.pane and event.type() == QEvent.Type.Show:
            self._refresh()
        return super().eventFilter(watched, event)

    # -- asking ------------------------------------------------------------------------------

    def _refresh(self, *_: object) -> None:
        """Look at what is selected now, soon; nothing is read for a pane that nobody sees."""
        if self.pane.isVisible():
            self._later.start()

    def _choose(self, name: str) -> None:
        self._chosen = name
        self._later.stop()
        self._ask()

    def _ask(self) -> None:
        layers = self._layers()
        if layers is None:
            self._forget()
            return
        source, target = layers
        names = tensor_names(source, target)
        name = self._chosen if self._chosen in names else names[0] if names else ""
        path = heading(source.path if source else None, target.path if target else None)
        if not names:
            self._forget(f"{path} has no tensors: there is nothing to learn in it and nothing to carry over.")
            return
        row = self._row(name, source, target)
        keys = keys_of(name, source, target, row)
        self.pane.show_names(path, names, name)
        asked = (keys, row, self._references(), self._document.seed)
        if asked == self._asked:
            return
        if self._job is not None:
            # Not cancelled: one that builds a network hears nothing, and would be ended with the engine.
            self._pending = True
            return
        self._asked = asked
        self._start(keys, row)

    def _layers(self) -> "tuple[Layer | None, Layer | None] | None":
        """Return the selected layers; None, and a message, where there are none to show."""
        document = self._document
        if document.source is None and document.target is None:
            self.pane.show_message("Open a network, then select a layer to see the values of its tensors.")
            return None
        places = [
            self._place(path, of_source=of_source)
            for of_source, path in ((True, document.selection.source), (False, document.selection.target))
        ]
        if not any(places):
            self.pane.show_message(NOTHING)
            return None
        layers = [place.layer if place is not None else None for place in places]
        if not any(layers):
            self.pane.show_message("A block has many tensors: select one of its layers.")
            return None
        return layers[0], layers[1]

    def _place(self, path: str | None, *, of_source: bool) -> Place | None:
        document = self._document
        network = document.source if of_source else document.target
        if network is None or path is None:
            return None
        return places_of(network, document.options.layer_types).get(path)

    def _row(self, name: str, source: "Layer | None", target: "Layer | None") -> "PlanRow | None":
        """Return what the plan does to the target's tensor; None if it is of another source layer."""
        plan, matching = self._document.plan, self._document.matching
        key = next((tensor.key for tensor in target.tensors if tensor.name == name), None) if target else None
        row = plan.by_target.get(key) if plan is not None and key is not None else None
        if row is None or matching is None or target is None:
            return None
        pair = matching.by_target.get(target.path)
        partner = pair.source if pair is not None else None
        return row if partner == (source.path if source is not None else None) else None

    def _references(self) -> tuple[str, str]:
        state = self._document.state
        return state.source_reference, state.target_reference

    def _start(self, keys: tuple[str | None, str | None], row: "PlanRow | None") -> None:
        self._number += 1
        folder = Path(self._folder.name) / str(self._number)
        folder.mkdir()
        source, target = self._references()
        request = {
            "do": "tensor",
            "source": source,
            "target": target,
            "source_key": keys[0],
            "target_key": keys[1],
            "seed": self._document.seed,
            "folder": str(folder),
            "plan": self._plan_of(row),
        }
        job = self._window.jobs.run_in_engine(request, "Reading a tensor")
        self._job = job
        self._slow.start()
        job.deliver_to(
            self,
            done=partial(self._done, row, folder),
            failed=partial(self._failed, folder),
            cancelled=partial(self._ended, folder),
        )

    def _plan_of(self, row: "PlanRow | None") -> dict[str, Any] | None:
        """Return a plan of this one row, as JSON."""
        plan = self._document.plan
        if row is None or plan is None:
            return None
        from dpiat_gui.transfer.plan_json import plan_to_json

        return plan_to_json(replace(plan, rows=(row,)))

    # -- the answer --------------------------------------------------------------------------

    def _say_reading(self) -> None:
        if self._job is None:
            return
        state = self._window.jobs.engine_state
        words = {
            "starting": "Waiting for the engine to start…",
            "restarting": "Waiting for the engine to start again…",
        }
        others = len(self._window.jobs.jobs) > 1
        busy = "Waiting: the engine is busy with something else…"
        self.pane.show_reading(words.get(state, busy if others else "Reading the tensor…"))

    def _done(self, row: "PlanRow | None", folder: Path, answer: dict[str, Any]) -> None:
        if not self._pending and self._asked is not None:
            try:
                view = read_answer(answer)
            except DpiatError as error:
                self.pane.show_failed(error)
            else:
                self.pane.show_view(replace(view, notes=(*view.notes, *self._notes(row))), row)
        self._ended(folder)

    def _notes(self, row: "PlanRow | None") -> tuple[str, ...]:
        """Say what of the target after the transfer its values alone do not tell."""
        plan = self._document.plan
        if row is None or plan is None:
            return ()
        if row.source is None:
            return (f"The target's tensor: {how_text(row)}.",)
        if plan.provisional:
            return ("Which parts are taken goes by the weights, and is decided at the transfer.",)
        return ()

    def _failed(self, folder: Path, error: DpiatError) -> None:
        if not self._pending and self._asked is not None:
            self.pane.show_failed(error)
        self._asked = None
        self._ended(folder)

    def _ended(self, folder: Path) -> None:
        self._job = None
        self._slow.stop()
        shutil.rmtree(folder, ignore_errors=True)
        if self._pending:
            self._pending = False
            self._asked = None
            self._ask()

    def _forget(self, message: str = "") -> None:
        """Show no tensor; the answer that may be under way is dropped."""
        self._asked = None
        self._pending = False
        if message:
            self.pane.show_message(message)
