"""Terms of the field where they stand in the prose: each shows its sentence of the glossary on hover, by keyboard or tap."""

from __future__ import annotations

import re
from html import escape

import streamlit as st

from landscape.labs.glossary import GLOSSARY

_APART = r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\[[^\]]*\]\([^)]*\)|<[^>]+>"
"""What is no prose: maths, code, links, HTML."""

_TERMS = "|".join(re.escape(term) for term in sorted(GLOSSARY, key=len, reverse=True))

_PROSE = re.compile(rf"(?P<apart>{_APART})|\b(?P<term>{_TERMS})(?P<plural>s|es)?\b", re.IGNORECASE | re.DOTALL)

_BY_NAME = {term.lower(): said for term, said in GLOSSARY.items()}


def explained(text: str) -> str:
    """Return Markdown in which each term, where it stands first, is marked with its sentence.

    >>> explained("A seed, `seed` and another seed.")  # doctest: +ELLIPSIS
    'A <abbr class="lv-term" tabindex="0" title="The number from which ...">seed</abbr>, `seed` and another seed.'
    """
    seen: set[str] = set()

    def marked(found: re.Match[str]) -> str:
        name = (found["term"] or "").lower()
        if not name or name in seen:
            return found[0]
        seen.add(name)
        return f'<abbr class="lv-term" tabindex="0" title="{escape(_BY_NAME[name])}">{found[0]}</abbr>'

    return _PROSE.sub(marked, text)


def prose(text: str) -> None:
    """Write a paragraph of a lab, its terms explained where they stand."""
    st.markdown(explained(text), unsafe_allow_html=True)
