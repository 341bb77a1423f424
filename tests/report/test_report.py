"""The report: says what is so, needs nothing from elsewhere, prints whole."""

import math
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from made import network

import dpiat_gui as dg
from dpiat_gui.canvas.render import matching_svg
from dpiat_gui.errors import ExportError
from dpiat_gui.matching.values import Overrides
from dpiat_gui.networks.sources import load_network
from dpiat_gui.report.content import ReportInput, content_of
from dpiat_gui.report.page import report_html, write_report
from dpiat_gui.transfer.sanity import Finding, LayerScale, Run, SanityReport

PINS = [("layer1.0.conv1", "layer1.0.conv2")]


@pytest.fixture(scope="module")
def matching():
    source, target = load_network("timm:resnet18"), load_network("timm:resnet50?num_classes=10")
    return dg.match(source, target, overrides=Overrides(pins=PINS, fresh=["fc"]))


@pytest.fixture(scope="module")
def given(matching, qapp):
    # With the application of the other tests: the figure would make one that shows no windows.
    return ReportInput(
        matching,
        figure=matching_svg(matching),
        seed=7,
        similarity=dg.similarity(matching.source, matching.target),
        automatic_score=matching.score + 1.5,
    )


class Page(HTMLParser):
    """Collects what a page refers to, and the words of its tables."""

    def __init__(self, text):
        super().__init__()
        self.links, self.tags, self.ids = [], [], set()
        self.words = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.add(value)
            if name in {"href", "src", "srcset", "xlink:href", "data", "action", "poster"}:
                self.links.append(value)

    def handle_data(self, data):
        self.words.append(data.strip())


def test_every_pair_and_every_override_stands_in_the_page(given, matching):
    words = set(Page(report_html(given)).words)
    for pair in matching.pairs:
        assert pair.source in words
        assert pair.target in words
    assert {"pin", "fresh", "pinned", "7"} <= words
    assert f"{matching.score:.3f}" in words
    assert "−1.500" in words


def test_what_has_no_partner_is_listed(given, matching):
    content = content_of(given)
    assert "fc" in {path for path, _, _ in content.unmatched}
    with_weights = [
        layer.path for block in matching.target_entries for layer in block.layers if layer.weight is not None
    ]
    listed = {path for path, _, _ in content.unmatched} | set(matching.by_target)
    assert listed == set(with_weights)


def test_elements_add_up_in_total_and_by_block(given):
    content = content_of(given)
    total = content.ledger.total.elements
    assert sum(number for _, number, _ in content.fates) == total
    assert sum(row.elements for row in content.blocks) == total
    for row in content.blocks:
        assert row.copied + row.set + row.kept + row.fresh == row.elements


def test_nothing_in_the_page_refers_to_anything_outside_it(given):
    text = report_html(given)
    page = Page(text)
    assert page.links
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert "@import" not in text
    assert "url(" not in text
    assert not re.search(r"https?://", text)


def test_names_from_outside_cannot_break_the_page(given, matching):
    evil = replace(matching.source, tree=replace(matching.source.tree, name="<script>alert(1)</script>"))
    text = report_html(replace(given, matching=replace(matching, source=evil), figure=""))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_names_from_outside_cannot_break_the_figure(given):
    name = "</text></svg><script>alert(1)</script>\"'<!-- ]]>"
    sides = [network(name, [[(8, 4, 3, 3), (8,)], (10, 8)]), network(f"{name} too", [[(8, 4, 3, 3), (8,)]])]
    made = dg.match(*sides)
    text = report_html(replace(given, matching=made, figure=matching_svg(made, expanded=True)))
    page = Page(text)
    assert "svg" in page.tags
    assert "alert(1)" in text
    assert "script" not in page.tags


def test_the_figure_is_the_svg_itself(given):
    page = Page(report_html(given))
    assert page.tags.count("path") == given.figure.count("<path")
    assert "svg" not in Page(report_html(replace(given, figure=""))).tags


def test_a_check_is_reported_with_its_findings(given):
    run = Run("after", "eval", 2.5, 1300.0, (LayerScale("conv1", 3.0), LayerScale("fc", 1e14)))
    finding = Finding("fc", "exploding", "activation", "eval", 1e14, 1.0, "It explodes <at once>")
    check = SanityReport("a", "b", "clip", "8 random inputs", "entropy", (run,), (finding,))
    words = Page(report_html(replace(given, sanity=check))).words
    assert "1e+14" in words
    broken = replace(run, layers=(LayerScale("conv1", 3.0), LayerScale("fc", math.nan)))
    told = content_of(replace(given, sanity=replace(check, runs=(broken, replace(run, layers=())))))
    assert [largest for *_, largest in told.sanity_runs] == ["nan", "–"]
    # The sentence does not say which layer it is about: the row does.
    assert content_of(replace(given, sanity=check)).findings == (
        ("fc", "exploding", "It explodes <at once>"),
    )
    assert {"exploding", "It explodes <at once>"} <= set(words)
    assert "None was run." not in words
    assert "None was run." in Page(report_html(given)).words


def test_only_pages_are_written_whole_or_not_at_all(given, tmp_path):
    with pytest.raises(ExportError, match=r"\.txt"):
        write_report(given, tmp_path / "report.txt")
    with pytest.raises(ExportError):
        write_report(given, tmp_path / "missing" / "report.html")
    assert list(tmp_path.iterdir()) == []
    path = write_report(given, tmp_path / "report.html")
    assert path.read_text("utf-8") == report_html(given)


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def printed(page, folder):
    """Print a page to PDF without a network; return the PDF, and what was asked of the network."""
    folder.mkdir()
    log, pdf = folder / "net.json", folder / "page.pdf"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    flags += ["--host-resolver-rules=MAP * ~NOTFOUND", f"--log-net-log={log}", f"--print-to-pdf={pdf}"]
    subprocess.run([CHROMIUM, *flags, page.as_uri()], check=True, capture_output=True, timeout=120)
    return pdf, log.read_text(errors="replace")


# Chromium itself asks for updates; what a local page asks for has no origin to name.
ASKED_BY_PAGE = '"initiator":"null"'


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_prints_all_of_it_without_asking_anyone(given, tmp_path):
    pdf, log = printed(write_report(given, tmp_path / "report.html"), tmp_path / "report")
    assert ASKED_BY_PAGE not in log
    asking = tmp_path / "asking.html"
    asking.write_text('<img src="http://elsewhere.example/a.png">')
    assert ASKED_BY_PAGE in printed(asking, tmp_path / "asking")[1]
    reader = shutil.which("pdftotext")
    if reader:
        shown = subprocess.run(
            [reader, "-layout", str(pdf), "-"], check=True, capture_output=True, text=True
        ).stdout
        for row in content_of(given).pairs:
            assert row.target.rpartition(".")[2] in shown
        assert "PySide6-Essentials" in shown
