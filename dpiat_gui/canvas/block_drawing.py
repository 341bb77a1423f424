"""The drawing of a block: its box, title, chips or rows, and the marks of a matching."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor

from dpiat_gui.canvas.annotations import Level
from dpiat_gui.canvas.badges import ban_badge, cut_sign, fresh_badge, level_sign, pin_badge
from dpiat_gui.canvas.block_view import BlockView
from dpiat_gui.canvas.columns import Mark, Row, RowState, Side
from dpiat_gui.canvas.primitives import Anchor, Bars, Box, Dot, Polygon, Primitive, Text
from dpiat_gui.canvas.style import Measured, Style

RADIUS = 5.0
TAGS = {Side.SOURCE: "unused", Side.TARGET: "fresh"}
_LEAST_PATH = 5
"""Letters of a path, with the sign that some are left out, under which it says nothing."""

_FEWEST_CHIPS = 4
"""Chips below which a number of layers stands in their place, where not all have room."""

_NAMES = {Side.SOURCE: "unmatched", Side.TARGET: "fresh"}
"""The theme's colours of what is not matched, by side."""

_LEVELS: dict[Level, str] = {"ok": "ok", "warn": "warning", "bad": "error"}
"""The theme's colours of badges, by level."""


def draw_block(view: BlockView, style: Style) -> list[Primitive]:
    """Return the drawing of a block, its upper left corner at (0, 0)."""
    drawing = _frame(view, style)
    if view.entry.single:
        drawing += _single(view, style)
    else:
        drawing += _title(view, style)
        if view.rows:
            for i, row in enumerate(view.entry.rows):
                drawing += _row(view, style, i, row, view.marks.rows[i])
        else:
            drawing += _chips(view, style)
    return drawing + _badges(view, style)


def _frame(view: BlockView, style: Style) -> list[Primitive]:
    box = QRectF(0, 0, view.width, view.box_height)
    if view.free:
        name = _NAMES[view.side]
        fill, stroke = style.color(f"{name}_soft"), style.color(name, 0.55)
    else:
        fill, stroke = style.color("surface"), style.color("border")
    bar = QRectF(0, 0, 6 * style.unit, view.box_height)
    frame: list[Primitive] = [
        Box(box, fill, stroke, radius=RADIUS, dashed=view.free),
        Box(bar, style.role(view.entry.role), radius=min(3.0, RADIUS)),
    ]
    if view.run:
        # The others lie below the first, as sheets of a pile.
        step = (view.height - view.box_height) / 2
        for sheet in range(2):
            inset = (sheet + 1) * 5 * style.unit
            edge = QRectF(inset, view.box_height + sheet * step, view.width - 2 * inset, step)
            frame.append(Box(edge, style.color("surface"), style.color("border_strong", 0.7)))
    return frame


def _title(view: BlockView, style: Style) -> list[Primitive]:
    unit = style.unit
    strip = view.header if view.rows else view.box_height * 0.56
    left, right = 26 * unit, view.width - 12 * unit
    note, right = _note(view, style, 0, right, strip / 2)
    # Rather smaller than cut off: the sizes stand at the end.
    face = style.title if style.title.width(view.title) <= right - left else style.strong
    times = f"  {view.times}" if view.run else ""
    title = face.fitted(view.entry.title, right - left - face.width(times), Qt.TextElideMode.ElideRight)
    used = left + face.width(title + times)
    drawing: list[Primitive] = [
        *note,
        _chevron(style, 16 * unit, strip / 2 + 0.5, bool(view.rows)),
        Text(left, face.baseline(0, strip), title + times, face.face, style.color("text")),
    ]
    drawing += _path(view, style, used + 10 * unit, right, strip)
    return drawing


def _path(view: BlockView, style: Style, left: float, right: float, strip: float) -> list[Primitive]:
    path = style.mono.fitted(view.path, right - left, Qt.TextElideMode.ElideLeft)
    if len(path) < min(len(view.path), _LEAST_PATH):
        return []
    return [_right(right, style.mono.baseline(0, strip), path, style.mono, style, "text_muted")]


def _chevron(style: Style, x: float, y: float, expanded: bool) -> Primitive:
    """Return the small triangle that says a block opens."""
    a, b = 3.6 * style.unit, 2.2 * style.unit
    points = [(-a, -b), (a, -b), (0, b)] if expanded else [(-b, -a), (b, 0), (-b, a)]
    return Polygon([QPointF(x + dx, y + dy) for dx, dy in points], style.color("border_strong"))


def _single(view: BlockView, style: Style) -> list[Primitive]:
    unit, height = style.unit, view.height
    row, mark = view.entry.rows[0], view.marks.rows[0]
    face = style.title if row.scored else style.text
    left, right = 26 * unit, view.width - 12 * unit
    drawing: list[Primitive] = [_row_dot(view, style, row, mark, height / 2, 16 * unit)]
    tag = _tag(view, style, mark, height / 2)
    taken = _tag_width(style)
    if view.side is Side.TARGET and row.scored and not tag:
        tag, taken = _coverage(view, style, mark, height / 2), _bar_width(view, style)
    if tag:
        right -= taken + 8 * unit
    drawing += tag
    note, right = _note(view, style, 0, right, height / 2)
    drawing += note
    named = style.mono.width(view.path[-_LEAST_PATH:]) + 10 * unit
    if row.scored and face.width(view.entry.title) > right - left - named:
        # Rather smaller than without its name.
        face = style.strong
    title = face.fitted(view.entry.title, right - left, Qt.TextElideMode.ElideRight)
    color = style.color("text" if row.scored else "text_muted")
    drawing.append(Text(left, face.baseline(0, height), title, face.face, color))
    return drawing + _path(view, style, left + face.width(title) + 10 * unit, right, height)


def _row(view: BlockView, style: Style, position: int, row: Row, mark: Mark) -> list[Primitive]:
    unit, height, top = style.unit, view.row_height, view.rows[position]
    middle = top + height / 2
    drawing: list[Primitive] = []
    if mark.state is RowState.FREE and not view.free:
        band = QRectF(6 * unit, top + 0.5, view.width - 6.5 * unit, height - 1)
        drawing.append(Box(band, style.color(f"{_NAMES[view.side]}_soft")))
    drawing.append(_row_dot(view, style, row, mark, middle))
    tag = _tag(view, style, mark, middle)
    drawing += tag
    if view.side is Side.TARGET and row.scored and not tag:
        drawing += _coverage(view, style, mark, middle)
    right = view.width - 12 * unit - _tag_width(style) - 10 * unit
    note, right = _note(view, style, position, right, middle)
    drawing += note
    left = 34 * unit
    shape = row.shape if row.scored else ""
    wanted = min(style.text.width(row.name), 90 * unit)
    if right - style.mono.width(shape) - left - 8 * unit < wanted:
        # A name cut to its ends says less than a shape that is left to the card.
        shape = ""
    shape_left = right - style.mono.width(shape)
    ink = style.color("text" if row.scored else "text_muted")
    name = style.text.fitted(row.name, (shape_left if shape else right) - left - 8 * unit)
    drawing.append(Text(left, style.text.baseline(top, height), name, style.text.face, ink))
    if shape:
        drawing.append(
            _right(right, style.mono.baseline(top, height), shape, style.mono, style, "text_muted")
        )
    return drawing


def _note(
    view: BlockView, style: Style, position: int, right: float, middle: float
) -> tuple[list[Primitive], float]:
    """Return the badge of a row, or of a block without rows, and where what stands left of it ends."""
    note = view.notes[position] if view.notes and (view.rows or position == 0) else None
    # A block that shows its rows has their badges there, not in its title.
    if note is None or (middle < view.header and view.rows):
        return [], right
    unit, face = style.unit, style.strong
    name = _LEVELS[note.level]
    ink = style.color(name)
    width, height = face.width(note.text) + 20 * unit, face.metrics.height() + 1
    pill = QRectF(right - width, round(middle - height / 2), width, height)
    drawing: list[Primitive] = [
        Box(pill, style.color(f"{name}_soft"), style.color(name, 0.5), radius=height / 2),
        *level_sign(style, pill.left() + 9 * unit, middle, note.level, ink),
    ]
    base = face.baseline(pill.top(), height)
    drawing.append(Text(pill.left() + 15 * unit, base, note.text, face.face, ink))
    return drawing, pill.left() - 7 * unit


def _row_dot(
    view: BlockView, style: Style, row: Row, mark: Mark, middle: float, x: float | None = None
) -> Primitive:
    """Return a row's dot in its role's colour: hollow if it is not matched, small if it never is."""
    unit = style.unit
    x = 22 * unit if x is None else x
    if mark.state is RowState.FREE:
        return Dot(x, middle, 3.0 * unit, None, style.outline(row.role), 1.6 * unit)
    if row.scored:
        return Dot(x, middle, 3.4 * unit, style.role(row.role))
    # What never takes part stands back, whatever the ground.
    faint = QColor(style.role(row.role))
    faint.setAlphaF(0.6)
    return Dot(x, middle, 2.6 * unit, faint)


def _tag_width(style: Style) -> float:
    return 46 * style.unit


def _bar_width(view: BlockView, style: Style) -> float:
    """Return the length of the bar of coverage: in narrow columns the titles need its room."""
    return (46 if view.width >= 200 * style.unit else 28) * style.unit


def _tag(view: BlockView, style: Style, mark: Mark, middle: float) -> list[Primitive]:
    """Return the word at the right of a row that is not matched."""
    if mark.state is not RowState.FREE and not mark.fresh:
        return []
    right = view.width - 12 * style.unit
    face, half = style.strong, style.strong.metrics.height() / 2
    word = TAGS[view.side]
    return [_right(right, face.baseline(middle - half, 2 * half), word, face, style, _NAMES[view.side])]


def _coverage(view: BlockView, style: Style, mark: Mark, middle: float) -> list[Primitive]:
    """Return the bar of how much of a target row comes from the source."""
    if mark.coverage is None:
        return []
    unit = style.unit
    width, height = _bar_width(view, style), 4.5 * unit
    left, top = view.width - 12 * unit - width, round(middle - height / 2)
    drawing: list[Primitive] = [
        Box(QRectF(left, top, width, height), style.color("border"), radius=height / 2)
    ]
    if mark.coverage > 0:
        filled = QRectF(left, top, max(width * mark.coverage, height), height)
        drawing.append(Box(filled, style.score(mark.coverage), radius=height / 2))
    if mark.cropped:
        drawing += cut_sign(style, left + width, middle)
    return drawing


def _chips(view: BlockView, style: Style) -> list[Primitive]:
    """Return the collapsed block's second line: a chip a layer, and how much of it is matched."""
    unit, marks = style.unit, view.marks
    middle = round(view.box_height * 0.76)
    side_words, right = _chip_words(view, style, middle)
    left = 26 * unit
    count = len(view.entry.rows)
    pitch = min(18 * unit, (right - left - 6 * unit) / max(count, 1))
    height = 5 * unit
    drawing: list[Primitive] = []
    filled: dict[int, list[QRectF]] = {}
    fits = count
    if pitch < 4 * unit:
        pitch = 4 * unit
        fits = max(int((right - left - 40 * unit) / pitch), 0)
    if fits < min(count, _FEWEST_CHIPS):
        # A chip or two say less than a number.
        text = f"{count} layers"
        base = style.small.baseline(middle - height, 2 * height)
        return [Text(left, base, text, style.small.face, style.color("text_muted")), *side_words]
    for i, (row, mark) in enumerate(zip(view.entry.rows[:fits], marks.rows[:fits], strict=True)):
        gap = min(3 * unit, pitch * 0.25)
        chip = QRectF(left + i * pitch, middle - height / 2, pitch - gap, height)
        if mark.state is RowState.FREE:
            chip.adjust(0.6, 0.6, -0.6, -0.6)
            drawing.append(Box(chip, None, style.outline(row.role), radius=2 * unit, width=1.2))
        else:
            filled.setdefault(style.role(row.role).rgba(), []).append(chip)
    drawing += [Bars(chips, QColor.fromRgba(rgba)) for rgba, chips in filled.items()]
    if fits < count:
        more = f"+{count - fits}"
        x = left + fits * pitch + 3 * unit
        base = style.small.baseline(middle - height, 2 * height)
        drawing.append(Text(x, base, more, style.small.face, style.color("text_muted")))
    return drawing + side_words


def _chip_words(view: BlockView, style: Style, middle: float) -> tuple[list[Primitive], float]:
    """Return what stands right of the chips, and where the room for chips ends."""
    unit, mark = style.unit, view.marks.whole
    right = view.width - 12 * unit
    reserved = right - _tag_width(style) - 8 * unit
    if mark.state is RowState.FREE:
        return _tag(view, style, mark, middle), reserved
    face = style.small
    base = face.baseline(middle - 8 * unit, 16 * unit)
    if view.side is Side.TARGET and mark.coverage is not None:
        drawing = _coverage(view, style, mark, middle)
        text = f"{100 * mark.coverage:.0f} %"
        end = right - _bar_width(view, style) - 7 * unit
        drawing.append(_right(end, base, text, face, style, "text_muted"))
        return drawing, end - face.width("100 %") - 6 * unit
    free = view.free_rows
    if free:
        text = f"{free} {TAGS[view.side]}"
        return [_right(right, base, text, face, style, _NAMES[view.side])], right - face.width(
            text
        ) - 8 * unit
    return [], reserved


def _right(right: float, baseline: float, text: str, face: Measured, style: Style, color: str) -> Text:
    """Return a text that ends at `right`."""
    width = face.width(text)
    return Text(right - width, baseline, text, face.face, style.color(color), Anchor.END, width)


def _badges(view: BlockView, style: Style) -> list[Primitive]:
    """Return the marks of overrides, on the side where edges end."""
    marks: list[tuple[Mark, float]] = []
    if view.rows:
        marks = [(m, top + view.row_height / 2) for m, top in zip(view.marks.rows, view.rows, strict=True)]
        if not any(m.pinned or m.banned or m.fresh for m, _ in marks):
            marks.append((view.marks.whole, view.header / 2))
    else:
        marks.append((view.marks.whole, view.header / 2))
    # Side by side into the gap, where nothing is written.
    outward = 1 if view.port_right else -1
    port = view.width if view.port_right else 0.0
    drawing: list[Primitive] = []
    for mark, y in marks:
        x = port
        for shown, draw in ((mark.pinned, pin_badge), (mark.banned, ban_badge), (mark.fresh, fresh_badge)):
            if shown:
                drawing += draw(style, x, y)
                x += outward * 12 * style.unit
    return drawing


def draw_silhouettes(
    views: Sequence[tuple[QPointF, BlockView]], style: Style, across: bool = False
) -> dict[int, list[QRectF]]:
    """Return plain rectangles by colour for a zoom at which blocks are specks.

    Parameters
    ----------
    views
        Upper left corners, of boxes not yet turned, and views of blocks.
    style
        The style.
    across
        True for strips, where boxes are turned to the left.

    Returns
    -------
    dict
        By colour (``QColor.rgba``), what to fill with it, in painting order.
    """
    found: dict[int, list[QRectF]] = {}

    def fill(color: QColor, corner: QPointF, x: float, y: float, width: float, height: float) -> None:
        if across:
            rect = QRectF(corner.x() + y, corner.y() - x - width, height, width)
        else:
            rect = QRectF(corner.x() + x, corner.y() + y, width, height)
        found.setdefault(color.rgba(), []).append(rect)

    unit, ink = style.unit, style.color("border")
    for corner, view in views:
        ground = style.color(f"{_NAMES[view.side]}_soft" if view.free else "surface")
        fill(ground, corner, 0, 0, view.width, view.height)
    for corner, view in views:
        fill(style.role(view.entry.role), corner, 0, 0, 18 * unit, view.height)
        # One stroke of ink a row or title keeps the texture of the columns.
        for top in view.rows or (view.height / 2 - 4 * unit,):
            fill(ink, corner, 34 * unit, top + 4, view.width * 0.45, 8 * unit)
    return found
