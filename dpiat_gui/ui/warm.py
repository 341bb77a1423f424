"""What a first matching needs, for a thread to import before the window's own thread asks for it."""

import dpiat_gui.canvas.picker
import dpiat_gui.matching.similarity
import dpiat_gui.matching.solving
import dpiat_gui.networks.standardize
import dpiat_gui.transfer.coverage
import dpiat_gui.transfer.planning  # noqa: F401 - to have them loaded is all
