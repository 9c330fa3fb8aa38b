"""The app: navigation over its pages, nothing else. Run it with `streamlit run app.py`."""

import streamlit as st

ICON = __file__.removesuffix("app.py") + "docs/icon.png"


def main() -> None:
    """Show the page that the link names."""
    st.set_page_config(page_title="Loss landscapes of normalization", page_icon=ICON, layout="wide")
    first = st.Page(
        "pages/compare.py", title="Compare landscapes", icon=":material/landscape:", url_path="landscapes", default=True
    )

    def compare() -> None:
        """Go to the first page from the name of its file: a server started anew gives it that in an open window."""
        st.switch_page(first, query_params=st.query_params.to_dict())

    sections = {
        "": [
            st.Page("pages/start.py", title="Start", icon=":material/school:"),
            st.Page(compare, visibility="hidden"),
        ],
        "See": [
            first,
            st.Page("pages/two_weights.py", title="Two weights", icon=":material/filter_center_focus:"),
        ],
        "Inside": [
            st.Page("pages/anatomy.py", title="Anatomy", icon=":material/grid_on:"),
            st.Page("pages/activations.py", title="Inside the layers", icon=":material/layers:"),
            st.Page("pages/covariate_shift.py", title="Covariate shift", icon=":material/shuffle:"),
        ],
        "Why it helps": [
            st.Page("pages/smoothness.py", title="Smoothness", icon=":material/ssid_chart:"),
            st.Page("pages/curvature.py", title="Curvature", icon=":material/target:"),
            st.Page("pages/invariance.py", title="Invariance", icon=":material/open_in_full:"),
            st.Page("pages/robustness.py", title="What it makes easy", icon=":material/speed:"),
        ],
        "Where it fails": [
            st.Page("pages/inference.py", title="One example", icon=":material/looks_one:"),
        ],
        "Does it hold?": [
            st.Page("pages/reproductions.py", title="Reproductions", icon=":material/fact_check:"),
        ],
    }
    pages = [page for many in sections.values() for page in many if page.visibility != "hidden"]
    here = st.navigation(sections, position="top")
    # For a page to know whether the browser's address is its own.
    st.session_state["address"], st.session_state["addresses"] = here.url_path, [page.url_path for page in pages]
    here.run()
    st.divider()
    # Below each page, too: on a phone the navigation is folded away.
    with st.container(horizontal=True, key="others"):
        for page in pages:
            if page.url_path != here.url_path:
                st.page_link(page)


if __name__ == "__main__":
    main()
