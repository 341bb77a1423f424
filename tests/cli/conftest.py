"""What the tests of commands share."""

import pytest
from PySide6.QtWidgets import QApplication


@pytest.fixture(autouse=True, scope="session")
def application(qapp: QApplication) -> QApplication:
    """Make an application first: the one that a figure makes for itself can have no widgets."""
    return qapp
