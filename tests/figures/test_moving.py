"""A surface that moves, words on it, and small pictures of data: what reaches the browser is what was given."""

import json
from base64 import b64decode

import numpy as np
import pytest

from landscape.figures.moving import with_frames, with_note
from landscape.figures.panel import Group, Mode, Panel, Readout, payload
from landscape.figures.surfaces import contour_panel, height_range, surface_panel
from landscape.figures.thumbnails import images_svg, points_svg

FINE, COARSE = np.linspace(-1, 1, 5), np.linspace(-1, 1, 3)
LOSS = np.geomspace(0.1, 30, 15).reshape(3, 5)
FRAMES = [np.geomspace(1, top, 9).reshape(3, 3) for top in (50, 20)]
HEIGHTS = height_range([LOSS, *FRAMES])
DRAW = {"title": "a", "heights": HEIGHTS}


def floats(spec):
    return np.frombuffer(b64decode(spec["bdata"]), np.float32)


@pytest.mark.parametrize("draw", [surface_panel, contour_panel])
def test_frames_reach_the_browser_as_heights_and_losses(draw):
    loss = LOSS.copy()
    loss[0, 0] = np.inf
    panel = with_frames(draw(FINE, COARSE, loss, **DRAW), (0, 4), COARSE, COARSE, FRAMES, HEIGHTS)
    assert [one.mode for one in panel.playback] == [Mode.FRAMES, Mode.END]  # the crosses of the last picture
    (sent,) = json.loads(payload([panel], [0, 1, 2, 3, 4, 5]))["panels"]
    frames = sent["animation"][0]["frames"]
    assert frames["at"] == [0, 4]
    np.testing.assert_allclose(floats(frames["z"]).reshape(2, 3, 3), np.log10(FRAMES), rtol=1e-5)
    np.testing.assert_allclose(floats(frames["told"]).reshape(2, 3, 3), FRAMES, rtol=1e-6)
    np.testing.assert_allclose(floats(frames["x"]), COARSE)


def test_words_stand_on_the_picture_at_the_end():
    flat = with_note(contour_panel(FINE, COARSE, LOSS, **DRAW), "here", 0.5, 0.25)
    (note,) = flat.figure.layout.annotations
    assert (note.text, note.x, note.y) == ("here", 0.5, 0.25)
    assert flat.playback[-1].mode is Mode.NOTE
    scene = with_note(surface_panel(FINE, COARSE, LOSS, **DRAW), "here", 0.5, 0.25, -1.0)
    (note,) = scene.figure.layout.scene.annotations
    assert (note.text, note.z) == ("here", -1.0)
    awaited = Panel("a", Group.SCENE, pending="Training")
    assert with_note(awaited, "here", 0, 0) is awaited


def test_words_beside_the_slider_reach_the_browser():
    message = json.loads(payload([], [0, 5], [Readout("a", "#D55E00", ["loss 2", "loss 1"])]))
    assert message["readouts"] == [{"name": "a", "colour": "#D55E00", "words": ["loss 2", "loss 1"]}]


def test_images_share_one_scale():
    """Of values 0 to 5 in six shades, each pixel but the least is drawn in a shade of its own."""
    picture = images_svg(np.arange(6.0).reshape(2, 1, 3), "<two>")
    assert picture.count("h1v1h-1z") == 5
    assert picture.count("<path") == 5
    assert "<title>&lt;two&gt;</title>" in picture
    assert images_svg(np.zeros((1, 2, 2)), "none").count("<path") == 0


def test_points_share_one_scale_for_both_axes():
    picture = points_svg(np.array([0.0, 1.0]), np.array([0.0, 100.0]), [0, 1], "")
    places = [
        tuple(float(part.split('"')[1]) for part in circle.split(" ")[1:3]) for circle in picture.split("<circle")[1:]
    ]
    (x0, y0), (x1, y1) = places
    assert (x1 - x0) == pytest.approx((y0 - y1) / 100, abs=0.1)
    assert y0 - y1 == pytest.approx(90)
