"""Terms of the field where they stand in the prose: each shows its sentence of the glossary on hover, by keyboard or tap."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

import streamlit as st

from landscape.labs.glossary import GLOSSARY

_APART = r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\[[^\]]*\]\([^)]*\)|<[^>]+>"
"""What is no prose: maths, code, links, HTML."""

_TERMS = "|".join(re.escape(term) for term in sorted(GLOSSARY, key=len, reverse=True))

_PROSE = re.compile(rf"(?P<apart>{_APART})|\b(?P<term>{_TERMS})(?P<plural>s|es)?\b", re.IGNORECASE | re.DOTALL)

NOWHERE = "#term"
"""Where the mark of a term in a notice leads."""

_BY_NAME = {term.lower(): said for term, said in GLOSSARY.items()}


def explained(text: str) -> str:
    """Return Markdown in which each term, where it stands first, is marked with its sentence.

    >>> explained("A seed, `seed` and another seed.")  # doctest: +ELLIPSIS
    'A <abbr class="lv-term" tabindex="0" title="The number from which ...">seed</abbr>, `seed` and another seed.'
    """
    return _with(text, lambda name, said: f'<abbr class="lv-term" tabindex="0" title="{escape(said)}">{name}</abbr>')


def linked(text: str) -> str:
    """Return Markdown in which each term, where it stands first, is marked for a notice, which holds no HTML.

    It is a link to nowhere with the sentence as its title: the viewer keeps the browser where it is.

    >>> linked("A **seed**.")  # doctest: +ELLIPSIS
    'A **[seed](#term "The number from which ...")**.'
    """
    return _with(text, lambda name, said: f'[{name}]({NOWHERE} "{said}")')


def prose(text: str) -> None:
    """Write a paragraph of a lab, its terms explained where they stand."""
    st.markdown(explained(text), unsafe_allow_html=True)


def caption(text: str) -> None:
    """Write a line in small letters, its terms explained where they stand."""
    st.caption(explained(text), unsafe_allow_html=True)


def _with(text: str, mark: Callable[[str, str], str]) -> str:
    """Return a text in which each term, where it stands first, is marked: the word as it stands, and its sentence."""
    seen: set[str] = set()

    def marked(found: re.Match[str]) -> str:
        name = (found["term"] or "").lower()
        if not name or name in seen:
            return found[0]
        seen.add(name)
        return mark(found[0], _BY_NAME[name])

    return _PROSE.sub(marked, text)
