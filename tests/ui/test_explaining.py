"""What the words of the window mean, wherever they stand; F1 on the pane in use."""

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QTabBar,
    QToolTip,
    QWidget,
)

from dpiat_gui.ui.app import make_window
from dpiat_gui.ui.compare_dialog import CompareDialog
from dpiat_gui.ui.explaining import (
    COLUMNS,
    DIALOGS,
    NETWORKS,
    PAGES,
    ExplainingFeature,
    explanation_of,
)
from dpiat_gui.ui.help_dialog import HelpDialog, help_pages, page_names, shortcuts_html
from dpiat_gui.ui.words import explanation, glossary, parse, sentence, word, words_in

TIP = Qt.ItemDataRole.ToolTipRole


@pytest.fixture
def window(qtbot):
    """A window with the small networks of an example and every pane built."""
    from dpiat_gui.matching.examples import examples

    window = make_window(QApplication.instance())
    qtbot.addWidget(window, before_close_func=lambda made: setattr(made, "_closing", True))
    example = examples()[-1]
    window.document.open_networks(example.source, example.target)
    window.resize(1280, 800)
    window.show()
    for holder in (window.tabs, window.side_tabs):
        for index in range(holder.count()):
            holder.setCurrentIndex(index)
            QApplication.processEvents()
        holder.setCurrentIndex(0)
    QApplication.processEvents()
    window.document.select_target(window.document.matching.pairs[0].target)
    QApplication.processEvents()
    return window


def texts_with_explanations(root):
    """Return every text of a window that is no data, and what its tooltip says."""
    for widget in root.findChildren(QWidget):
        if isinstance(widget, QLabel | QAbstractButton):
            yield widget.text(), explanation_of(widget)
        elif isinstance(widget, QComboBox):
            for at in range(widget.count()):
                yield widget.itemText(at), widget.itemData(at, TIP) or explanation_of(widget)
        elif isinstance(widget, QTabBar):
            for at in range(widget.count()):
                yield widget.tabText(at), widget.tabToolTip(at) or explanation(widget.tabText(at))
        elif isinstance(widget, QHeaderView) and widget.orientation() is Qt.Orientation.Horizontal:
            model = widget.model()
            for at in range(model.columnCount() if model is not None else 0):
                across = Qt.Orientation.Horizontal
                yield str(model.headerData(at, across) or ""), model.headerData(at, across, TIP)


def test_every_text_with_a_technical_word_is_explained(window):
    seen = [(text, tip) for text, tip in texts_with_explanations(window) if words_in(text)]
    assert len(seen) > 80
    assert [text for text, tip in seen if not tip] == []


def test_every_heading_of_a_table_is_explained(window):
    bare = [
        model.headerData(at, Qt.Orientation.Horizontal)
        for header in window.findChildren(QHeaderView)
        if header.orientation() is Qt.Orientation.Horizontal and (model := header.model()) is not None
        for at in range(model.columnCount())
        if not model.headerData(at, Qt.Orientation.Horizontal, TIP) and not header.isSectionHidden(at)
    ]
    assert bare == []


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_the_pointer_on_a_word_brings_up_its_sentence(window, qtbot):
    window.tabs.setCurrentWidget(window.transfer_page)
    label = next(one for one in window.transfer.findChildren(QLabel) if one.text() == "What is carried over")
    label.setText("What a plan does")
    QToolTip.hideText()
    middle = label.rect().center()
    QApplication.sendEvent(label, QHelpEvent(QHelpEvent.Type.ToolTip, middle, label.mapToGlobal(middle)))
    assert QToolTip.text() == sentence("plan")
    label.setText("What is carried over")
    QToolTip.hideText()


def test_a_label_says_what_its_field_says(window):
    labels = {one.text(): one for one in window.transfer.findChildren(QLabel)}
    assert explanation_of(labels["O&perator"]) == window.transfer.form.operator.toolTip()


def test_every_pane_has_its_page(window):
    feature = next(one for one in window.features if isinstance(one, ExplainingFeature))
    names = page_names()
    for holder in (window.tabs, window.side_tabs):
        for at in range(holder.count()):
            page = feature.page_of(holder.widget(at))
            assert page in names, holder.tabText(at)
            assert holder.tabToolTip(at)
    assert feature.page_of(window.view) == COLUMNS
    assert feature.page_of(window.networks.outline.tree) == NETWORKS
    assert feature.page_of(window.pairs.table) == "pairs"
    assert feature.page_of(window.toolbar) == ""
    assert {COLUMNS, NETWORKS, *DIALOGS.values(), *(page for page, _ in PAGES.values())} <= set(names)


def test_f1_opens_the_page_of_the_pane_with_the_focus(window, qtbot):
    window.tabs.setCurrentIndex(0)
    window.activateWindow()
    window.pairs.table.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.pairs.table)
    window.commands["help"].trigger()
    dialog = window.findChild(HelpDialog)
    assert dialog.list.currentItem().text() == "The pairs table"
    # A second time it is the same dialog.
    window.dialogs.show_help(page="health")
    assert window.findChildren(HelpDialog) == [dialog]
    assert dialog.list.currentItem().text() == "Health check"
    with qtbot.waitSignal(dialog.destroyed):
        dialog.close()
    window.dialogs.show_help(shortcuts=True)
    again = window.findChild(HelpDialog)
    assert "In the columns, the DP table and the player" in again.browser.toPlainText()
    with qtbot.waitSignal(again.destroyed):
        again.close()


def test_dialogs_have_their_page_too(window, qtbot):
    window.commands["compare"].trigger()
    dialog = window.findChild(CompareDialog)
    shown = [(text, tip) for text, tip in texts_with_explanations(dialog) if words_in(text)]
    assert [text for text, tip in shown if not tip] == []
    assert len(shown) > 8
    dialog.activateWindow()
    QApplication.processEvents()
    qtbot.keyClick(dialog, Qt.Key.Key_F1)
    page = window.findChild(HelpDialog)
    assert page.list.currentItem().text() == "Methods side by side"
    with qtbot.waitSignal(page.destroyed):
        page.close()
    dialog.close()


def test_words_are_found_whole_in_either_number():
    assert words_in("Span &exponent") == ("span exponent",)
    assert words_in("<b>Pins</b> and bans, norms") == ("pin", "ban", "norm")
    assert words_in("layer1.0.conv spanner pinned") == ()
    assert explanation("a span") == sentence("span")
    assert explanation("nothing of the kind") == ""


def test_a_sentence_is_one_sentence():
    page = "# G\n\n**One thing, two** – First *words*. Second ones.\n\nNo word.\n\n**Three** – Third."
    assert parse(page) == {
        "one thing": "First words. Second ones.",
        "two": "First words. Second ones.",
        "three": "Third.",
    }
    assert all(re.fullmatch(r".+[.]", word(name)) for name in glossary())
    assert max(len(sentence(name)) for name in glossary()) < 200


def test_pages_name_only_keys_and_commands_that_there_are():
    from PySide6.QtGui import QKeySequence

    from dpiat_gui.ui.actions import ACTIONS, GESTURES

    native = QKeySequence.SequenceFormat.PortableText
    known = {key.toString(native) for action in ACTIONS for key in action.sequences()}
    known |= {"Ctrl+Delete", "Ctrl+Enter", "Ctrl+Shift+Enter", "Ctrl+wheel"}
    text = "\n".join(markdown for _, markdown in help_pages())
    named = set(re.findall(r"\*\*((?:Ctrl|Alt|Shift)\+[^*]+)\*\*", text))
    assert {one.replace("Ctrl++", "Ctrl+Plus") for one in named} - known == set()
    assert GESTURES
    assert shortcuts_html()


def test_pages_name_only_menu_entries_that_there_are():
    from PySide6.QtGui import QKeySequence

    from dpiat_gui.ui.actions import ACTIONS
    from dpiat_gui.ui.menus import MENUS

    actions = {action.id: action for action in ACTIONS}
    menus = {
        title.replace("&", ""): {actions[one].plain_text: actions[one] for one in entries if one in actions}
        for title, entries in MENUS
    }
    native = QKeySequence.SequenceFormat.PortableText
    named = r"\*\*(\w+) > ([^*]+)\*\*(?: \(\*\*([^*]+)\*\*\))?"
    for _, markdown in help_pages():
        for menu, entry, key in re.findall(named, markdown.replace("\n", " ")):
            action = menus[menu].get(entry.rstrip("…"))
            assert action is not None, f"{menu} > {entry}"
            keys = [one.toString(native) for one in action.sequences()]
            assert not key or key in keys, f"{menu} > {entry} ({key})"


def test_pages_name_only_commands_and_options_of_the_command_line():
    from typer.main import get_command

    from dpiat_gui.cli.commands import app

    command = get_command(app)
    text = "\n".join(markdown for _, markdown in help_pages())
    for name in set(re.findall(r"`dpiat-gui ([a-z]+)", text)):
        assert name in command.commands, name
    options = {
        option
        for one in command.commands.values()
        for parameter in one.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    } | {"--help"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) - options == set()


def test_whatever_counts_problems_calls_them_alike():
    from dpiat_gui.ui.actions import BY_ID
    from dpiat_gui.ui.status import FIGURES
    from dpiat_gui.ui.tour_steps import FIRST

    said = [BY_ID["next_problem"].tip, dict(FIGURES)["problems"]]
    said += [step.text for step in FIRST.steps if "Alt+Down" in step.text]
    said += [line for _, page in help_pages() for line in page.splitlines() if "**Alt+Down**" in line]
    assert len(said) == 5
    for text in said:
        assert re.search(r"unmatched, weak( \([^)]*\))?, cropped,? or reused", text), text
