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

    pages = [
        first,
        st.Page(compare, visibility="hidden"),
        st.Page("pages/two_weights.py", title="Two weights", icon=":material/filter_center_focus:"),
        st.Page("pages/smoothness.py", title="Smoothness", icon=":material/ssid_chart:"),
        st.Page("pages/curvature.py", title="Curvature", icon=":material/target:"),
    ]
    st.navigation(pages, position="top").run()


if __name__ == "__main__":
    main()
