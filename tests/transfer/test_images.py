"""Images of a person's folder: which are read, in what order, and what is not let near."""

import os
import warnings

import pytest
from PIL import Image
from torch import nn

from dpiat_gui.networks.sources import build_module
from dpiat_gui.transfer.images import ImageBatches, find_images, preparation, read_image

SMALL = "timm:mobilenetv3_small_050?num_classes=10"


def test_images_are_found_in_a_fixed_order(folder):
    found, closed = find_images(folder)
    names = [file.relative_to(folder).as_posix() for file in found]
    assert names == sorted(names)
    assert len(names) == 22
    assert closed == []


def test_batches_mix_the_folders_and_hold_two_images_or_more(folder):
    files, _ = find_images(folder)
    prepared = preparation(build_module(SMALL), (128,))
    sizes = {}
    for most in range(2, 21):
        batches = ImageBatches(files, prepared, most)
        sizes[most] = [len(batch) for batch in batches]
        assert sum(sizes[most]) == most
        assert min(sizes[most]) >= 2
    first = [file.parent.name for file in ImageBatches(files, prepared, 6)._files[:6]]
    assert {"dark", "light"} <= set(first)


def test_the_network_says_what_its_images_are_like():
    prepared = preparation(build_module("timm:mobilenetv3_small_050"), (64,))
    assert prepared.known
    assert prepared.size == (3, 64, 64)
    unknown = preparation(nn.Sequential(nn.Conv2d(3, 6, 3)), (3, 16, 16))
    assert not unknown.known
    assert unknown.crop_pct == 1.0
    gray = preparation(build_module("timm:mobilenetv3_small_050?in_chans=1"), (64,))
    assert (gray.size, len(gray.mean)) == ((1, 64, 64), 1)


def test_a_file_that_names_itself_an_image_runs_no_other_program(tmp_path, monkeypatch):
    # Pillow hands PostScript to Ghostscript, whatever the file's name ends in.
    from PIL import EpsImagePlugin

    Image.new("RGB", (8, 8)).save(tmp_path / "a.eps")
    evil = (tmp_path / "a.eps").rename(tmp_path / "a.png")
    asked = []
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *given, **named: asked.append(given))
    with pytest.raises(OSError, match="cannot identify"):
        read_image(evil, "RGB")
    assert asked == []


@pytest.mark.parametrize("side", [10_001, 12_000, 60_000])
def test_an_image_with_too_many_pixels_is_not_read(tmp_path, side):
    # A bitmap of one bit a pixel says its size in the header, and need not hold a pixel of it.
    file = tmp_path / "large.pbm"
    file.write_bytes(f"P4 {side} {side}\n".encode())
    ppm = file.rename(tmp_path / "large.ppm")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ValueError, match="too many"):
            read_image(ppm, "RGB")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ValueError, match="no file"):
        read_image(tmp_path / "pipe.png", "RGB")
