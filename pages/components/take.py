"""What one takes along of a page beside its numbers: its link, a code of it for telephones, a printed page.

The pictures have a button each beside their titles, which the viewer draws; what stands in them is told here.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st

from landscape.labs.lab import Lab
from pages.components.controls import called, label_of, shown
from pages.components.settings import current
from pages.components.svg import svg

HERE = Path(__file__)

SIZE, LARGE = "size", "large"
"""The parameter of a link by which a page is shown with larger letters and lines, as a projector needs them."""

CAMERA = "camera"
"""The parameter of a link that says from where the scenes are seen."""

LETTERS = 24
"""Of the text of a page that is shown large, in pixels, where it has 16."""

COMPACT = """
.stMainBlockContainer { padding-top: 3.25rem; }
.stMainBlockContainer h1 { font-size: clamp(1.1rem, 3vw, 2.25rem); padding: 0.25rem 0; }
"""
"""What gives the pictures of a page that is shown large the room of its head."""

DEFAULTS = "All settings are this page's defaults."

PICTURES = "Each picture has a button of its own beside its title, ⤓: as PNG, SVG or a page of its own, or on the whole screen."

_MOUNT = st.components.v2.component(
    "landscape_take",
    css=HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=HERE.with_suffix(".js").read_text(encoding="utf-8"),
    isolate_styles=False,
)

_SEEN = st.components.v2.component(
    "landscape_seen", js=HERE.with_name("seen.js").read_text(encoding="utf-8"), isolate_styles=False
)


def take_along(lab: Lab) -> None:
    """Draw what copies and prints the page, and a code of its link."""
    with st.expander("Take along", icon=":material/share:", key="take-along"):
        _MOUNT(key="take", data=[{"title": lab.question, "settings": settings_told()}])
        if not shown(lab, "files"):
            return
        st.caption(PICTURES)
        if st.query_params.get(SIZE) == LARGE:
            st.button("The usual size", on_click=_resize, args=("",), icon=":material/zoom_out:")
        else:
            st.button("Larger, for a projector", on_click=_resize, args=(LARGE,), icon=":material/zoom_in:")
        _code()


@st.fragment
def _code() -> None:
    """Draw the link of the page as a code where that is asked for: making one takes longer than all else here.

    It is drawn anew when the scenes have been turned: it holds the view angle, as the copied link does.
    """
    if st.toggle("Its link as a code, for telephones", key="take-code"):
        seen = _SEEN(key="take-seen", default={"camera": ""}, on_camera_change=lambda: None)
        if code := qr_of(page_link(seen.camera)):
            svg(code, "The link of this page as a QR code", "background: white")
        else:
            st.caption("This link is too long for a code, or its address is not known.")


def show_large() -> None:
    """Show the page in the size that its link asks for."""
    if is_large():
        st.html(f"<style>html:root {{ font-size: {LETTERS}px !important; }} {COMPACT}</style>")


def is_large() -> bool:
    """Return whether the link asks for larger letters and lines."""
    return st.query_params.get(SIZE) == LARGE


def settings_told() -> str:
    """Return in words what of the settings is not the default."""
    settings = current()
    written = settings.codec.write(settings.values)
    told = [f"{called(name)}: {label_of(settings.values[name])}" for name in written]
    said = f"{', '.join(told)}." if told else DEFAULTS
    return f"{settings.asked.ask} {said}" if settings.asked else said


def page_link(camera: str = "") -> str:
    """Return the whole link of the page as it is shown; nothing where its address is not known.

    camera: from where the scenes are seen, where they were turned.
    """
    address = _whole(st.context.url or "")
    parameters = st.query_params.to_dict() | ({CAMERA: camera} if camera else {})
    return address + (f"?{urlencode(parameters)}" if parameters else "") if address else ""


def _whole(address: str) -> str:
    """Return an address as a browser has it, which ends in a stroke where nothing stands behind the host's name.

    >>> _whole("http://localhost:8501"), _whole("http://localhost/start"), _whole("")
    ('http://localhost:8501/', 'http://localhost/start', '')
    """
    return f"{address}/" if address and not urlsplit(address).path else address


def qr_of(link: str) -> str:
    """Return a link as a QR code, an SVG; nothing where there is none, or it is too long for one.

    >>> "<svg" in qr_of("http://localhost/?seed=3"), qr_of(""), qr_of("x" * 4000)
    (True, '', '')
    """
    if not link:
        return ""
    drawn = BytesIO()
    try:
        segno.make(link, micro=False).save(drawn, kind="svg", scale=4, border=4, xmldecl=False)
    except segno.DataOverflowError:
        return ""
    return drawn.getvalue().decode()


def _resize(size: str) -> None:
    if size:
        st.query_params[SIZE] = size
    else:
        st.query_params.pop(SIZE, None)
