"""What the tests of commands share."""

import pytest
from PySide6.QtWidgets import QApplication


@pytest.fixture(autouse=True, scope="session")
def application(qapp: QApplication) -> QApplication:
    """Make an application first: the one that a figure makes for itself has no room for widgets of later tests."""
    return qapp
