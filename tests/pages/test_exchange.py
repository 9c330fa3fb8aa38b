"""What a page takes from a file: an experiment, of bounded size, of which nothing is held once it was read."""

import json
from typing import Any

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

from pages.components.exchange import LARGEST
from tests.pages.support import ROOT, values_of

SAVED = {"page": "two_weights", "settings": {"step": "1.5"}}


@pytest.fixture
def held(monkeypatch) -> dict[str, Any]:
    """The files that the server holds, by their number."""
    files: dict[str, Any] = {}
    add, remove = MemoryUploadedFileManager.add_file, MemoryUploadedFileManager.remove_file

    def adding(self, session_id, file):
        files[file.file_id] = file
        add(self, session_id, file)

    def removing(self, session_id, file_id):
        files.pop(file_id)
        remove(self, session_id, file_id)

    monkeypatch.setattr(MemoryUploadedFileManager, "add_file", adding)
    monkeypatch.setattr(MemoryUploadedFileManager, "remove_file", removing)
    return files


def loaded(app: AppTest, content: bytes) -> AppTest:
    """Load a file into the page."""
    app.file_uploader[0].set_value(("a.json", content, "application/json"))
    return app.run()


@pytest.mark.parametrize("room", [0, 1])
def test_a_file_is_read_up_to_its_bound_refused_with_a_sentence_beyond_and_held_in_neither_case(held, room):
    app = AppTest.from_file(str(ROOT / "pages" / "two_weights.py"), default_timeout=60).run()
    text = json.dumps(SAVED).encode()
    loaded(app, text + b" " * (LARGEST - len(text) + room))
    assert not app.exception
    assert values_of(app)["step"] == (1.0 if room else 1.5)
    assert [error.value.partition(":")[0] for error in app.error] == (
        ["This file has 65,537 bytes, and at most 65,536 are read"] if room else []
    )
    assert held == {}
    assert app.file_uploader[0].value is None
    assert "upload-two_weights-0" not in app.session_state


def test_after_a_refusal_the_next_file_is_taken(held):
    app = AppTest.from_file(str(ROOT / "pages" / "two_weights.py"), default_timeout=60).run()
    assert "3,145,728 bytes" in loaded(app, b"x" * 3 * 1024**2).error[0].value
    assert not loaded(app, json.dumps(SAVED).encode()).error
    assert values_of(app)["step"] == 1.5
    assert held == {}
