import re
import xml.etree.ElementTree as ET

import pytest
from made import network
from PySide6.QtGui import QImage

from dpiat_gui.canvas.columns import Side
from dpiat_gui.canvas.legend import EdgeState, legend
from dpiat_gui.canvas.render import render_matching, render_view
from dpiat_gui.errors import ExportError
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.values import Overrides, match_options
from dpiat_gui.networks.titles import LayerRole
from dpiat_gui.services.palettes import DARK, LIGHT, role_color
from dpiat_gui.transfer.coverage import coverage
from dpiat_gui.transfer.planning import plan_transfer

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def covered(matching):
    return coverage(plan_transfer(matching))


def drawn(path):
    root = ET.fromstring(path.read_bytes())
    return root, [element.text for element in root.iter(f"{SVG}text")]


def test_an_svg_has_one_path_a_drawn_pair_and_text_as_text(qapp, matching, covered, tmp_path):
    goal = render_matching(matching, tmp_path / "figure.svg", coverage=covered)
    root, texts = drawn(goal)
    paths = list(root.iter(f"{SVG}path"))
    assert len(paths) == len(matching.entry_pairs)
    assert all(re.fullmatch(r"M[-\d.,]+ C[-\d.,]+ [-\d.,]+ [-\d.,]+", path.get("d")) for path in paths)
    assert {"s", "t", "t5"} <= set(texts)
    assert paths[0].find(f"{SVG}title").text == "s0 → t0: 1.000"


def test_an_expanded_svg_has_one_path_a_drawn_row(qapp, matching, tmp_path):
    root, texts = drawn(render_matching(matching, tmp_path / "figure.svg", expanded=True))
    # The second target of the span keeps one edge, so that none cross.
    assert len(list(root.iter(f"{SVG}path"))) == len(matching.pairs) - 4 + 1
    assert "8×8×3×3" in texts
    assert {"fresh", "unused"} <= set(texts)


@pytest.mark.parametrize("method", ["dp-branch", "flat", "bipartite", "nested-bipartite", "random"])
def test_an_expanded_svg_has_one_path_a_pair_where_pairs_may_cross(qapp, source, target, tmp_path, method):
    matching = match_networks(source, target, match_options(method=method, seed=3))
    root, texts = drawn(render_matching(matching, tmp_path / "figure.svg", expanded=True))
    assert len(list(root.iter(f"{SVG}path"))) == len(matching.pairs)
    told = [text for text in texts if text.startswith(f"{len(matching.pairs)} pairs")]
    assert ("crossing" in told[0]) == (not matching.keeps_order and matching.crossings > 0)


def test_chosen_blocks_are_expanded(qapp, matching, tmp_path):
    root, _ = drawn(render_matching(matching, tmp_path / "figure.svg", expanded=["t3"]))
    assert len(list(root.iter(f"{SVG}path"))) == len(matching.entry_pairs) - 1 + 4


def test_title_and_legend_can_be_left_out(qapp, matching, tmp_path):
    _, full = drawn(render_matching(matching, tmp_path / "a.svg"))
    _, bare = drawn(render_matching(matching, tmp_path / "b.svg", legend=False, title=False))
    assert "score 0 to 1" in full
    assert not {"score 0 to 1", "s", "t"} & set(bare)


def test_the_same_matching_gives_the_same_svg(qapp, matching, tmp_path):
    one, two = (render_matching(matching, tmp_path / name) for name in ("a.svg", "b.svg"))
    assert one.read_bytes() == two.read_bytes()


def test_a_png_has_the_asked_for_pixels_and_colours(qapp, matching, tmp_path):
    from PySide6.QtGui import QImage

    small, large = (
        QImage(str(render_matching(matching, tmp_path / f"{scale}.png", DARK, scale=scale)))
        for scale in (1, 2)
    )
    assert (large.width(), large.height()) == (2 * small.width(), 2 * small.height())
    assert large.pixelColor(2, 2).name() == DARK.canvas


def test_a_pdf_is_one_page(qapp, matching, tmp_path):
    data = render_matching(matching, tmp_path / "figure.pdf").read_bytes()
    assert data.startswith(b"%PDF")
    assert data.count(b"/Type /Page\n") == 1


@pytest.mark.parametrize("name", ["figure.jpeg", "figure", "figure.svgz"])
def test_an_unknown_suffix_is_refused_with_those_there_are(qapp, matching, tmp_path, name):
    with pytest.raises(ExportError) as caught:
        render_matching(matching, tmp_path / name)
    assert ".svg, .pdf, .png" in caught.value.hint
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("scale", [500, 0, -1])
def test_an_impossible_png_is_refused(qapp, matching, tmp_path, scale):
    with pytest.raises(ExportError) as caught:
        render_matching(matching, tmp_path / "figure.png", scale=scale)
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_an_export_error(qapp, matching, tmp_path):
    with pytest.raises(ExportError):
        render_matching(matching, tmp_path / "nowhere" / "figure.svg")


def test_names_are_escaped_in_svg(qapp, source, tmp_path):
    odd = network("a<b>&c", [(8, 3, 3, 3)])
    root, texts = drawn(render_matching(match_networks(source, odd), tmp_path / "figure.svg"))
    assert "a<b>&c" in texts
    assert root.find(f"{SVG}title").text == "s → a<b>&c"


def test_a_legend_lists_only_what_is_there(source, target, matching):
    found = legend(source, target, LIGHT, matching)
    names = [name for name, _ in found.roles]
    assert names[:3] == ["Conv", "BatchNorm", "activation"]
    assert "MBConv6" not in names
    assert len(names) == len(set(names))
    assert dict(found.roles)["Conv"] == role_color(LayerRole.CONV, LIGHT)
    assert found.ramp
    assert set(found.states) == {EdgeState.AUTO, EdgeState.SPAN, EdgeState.UNUSED, EdgeState.FRESH}


def test_a_legend_lists_overrides_when_there_are_any(source, target):
    overrides = Overrides(pins=[("s0", "t0")], bans=[("s2", "t3")], fresh=["t6"])
    found = legend(source, target, LIGHT, match_networks(source, target, None, overrides))
    assert {EdgeState.PINNED, EdgeState.BANNED, EdgeState.LEFT_FRESH} <= set(found.states)


def test_a_legend_of_one_network_has_no_scores(source):
    found = legend(source, None, LIGHT)
    assert found.roles
    assert found.ramp == ()
    assert found.states == ()


# -- sizes, folds, and what a view shows ---------------------------------------------------------


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("legend", [True, False])
@pytest.mark.parametrize("title", [True, False])
def test_every_figure_has_one_path_a_drawn_pair(qapp, matching, tmp_path, theme, legend, title):
    path = render_matching(matching, tmp_path / "f.svg", theme, legend=legend, title=title)
    root, texts = drawn(path)
    assert len(list(root.iter(f"{SVG}path"))) == len(matching.entry_pairs)
    assert ("score 0 to 1" in texts) is legend
    assert ("t" in texts) is title
    ground = theme.canvas if theme.dark else theme.surface
    assert f'fill="{ground}"' in path.read_text()


def test_a_figure_fits_the_column_of_a_paper(qapp, matching, tmp_path):
    root, texts = drawn(render_matching(matching, tmp_path / "f.svg", width_mm=84))
    assert root.get("width") == "84mm"
    _, _, width, height = map(float, root.get("viewBox").split())
    assert root.get("height") == f"{84 * height / width:g}mm"
    # Text of 6 points or more: what is laid out for a screen would be too small.
    assert 12 * 84 / 25.4 * 72 / width >= 6
    wide, _ = drawn(render_matching(matching, tmp_path / "w.svg", width_mm=174))
    assert float(wide.get("viewBox").split()[2]) > width
    assert {"s", "t"} <= set(texts)
    image = QImage(str(render_matching(matching, tmp_path / "f.png", width_mm=84)))
    assert abs(image.width() - 84 / 25.4 * 300) <= 1
    assert abs(image.dotsPerMeterX() - 300 / 0.0254) < 2
    pdf = render_matching(matching, tmp_path / "f.pdf", width_mm=84).read_bytes()
    box = re.search(rb"/MediaBox \[([^\]]+)\]", pdf).group(1).split()
    assert float(box[2]) == pytest.approx(84 / 25.4 * 72, abs=0.6)


def test_a_width_without_sense_is_refused(qapp, matching, tmp_path):
    with pytest.raises(ExportError, match="3 mm wide"):
        render_matching(matching, tmp_path / "f.svg", width_mm=3)
    assert not (tmp_path / "f.svg").exists()


def test_runs_can_be_folded_in_a_figure(qapp, tmp_path):
    block = [(8, 8, 1, 1), (8,)]
    matching = match_networks(network("s", [block] * 3), network("t", [block] * 3))
    root, texts = drawn(render_matching(matching, tmp_path / "f.svg", fold_runs=True))
    assert len(list(root.iter(f"{SVG}path"))) == 1
    assert any("×\N{NO-BREAK SPACE}3" in text for text in texts)


@pytest.mark.parametrize("mode", ["aligned", "linked"])
@pytest.mark.parametrize("orientation", ["columns", "strips"])
def test_what_a_view_shows_is_drawn_whole_and_nothing_else(long_view, tmp_path, mode, orientation):
    long_view.set_layout_mode(mode)
    long_view.set_orientation(orientation)
    long_view._bar().setValue(long_view._bar().maximum() // 2)
    part = long_view.view_part()
    root, texts = drawn(render_view(part, tmp_path / "f.svg", title=False, legend=False))
    shown = {f"{side.value[0]}{entry}" for side in Side for entry in part.entries(side)}
    assert 2 < len(shown) < 60
    sources = {text for text in texts if text in shown}
    both = set(part.entries(Side.SOURCE)) & set(part.entries(Side.TARGET))
    assert len(list(root.iter(f"{SVG}path"))) == len(both)
    assert sources
    # Everything lies on the page.
    _, _, width, height = map(float, root.get("viewBox").split())
    for group in root.iter(f"{SVG}g"):
        x, y = map(float, re.match(r"translate\(([-\d.]+),([-\d.]+)\)", group.get("transform")).groups())
        if len(group) and group[0].tag == f"{SVG}rect":
            assert -1 <= x <= width + 1
            assert -1 <= y <= height + 1
    for name in ("f.png", "f.pdf"):
        assert render_view(part, tmp_path / name, DARK).stat().st_size > 1000


def test_a_view_without_a_matching_makes_no_figure(view, source, tmp_path):
    view.set_networks(source, source)
    with pytest.raises(ExportError, match="in sight"):
        render_view(view.view_part(), tmp_path / "f.svg")
