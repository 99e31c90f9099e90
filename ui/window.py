"""The window: its pages, and how one gets from one to the other."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

ICON = Path(__file__).with_name("components") / "icon.svg"  # a Material icon would be fetched from Google


def window() -> None:
    """Draws the page that is open; Streamlit runs it again at every click."""
    st.set_page_config(page_title="askpapers", page_icon=str(ICON), layout="wide")
    pages = [
        st.Page("ask_page.py", title="Ask", default=True),
        st.Page("papers_page.py", title="Papers", url_path="papers"),
        st.Page("compare_page.py", title="Compare", url_path="compare"),
        st.Page("add_page.py", title="Add", url_path="add"),
        st.Page("evaluation_page.py", title="Evaluation", url_path="evaluation"),
        st.Page("models_page.py", title="Models", url_path="models"),
    ]
    st.navigation(pages, position="top").run()


if __name__ == "__main__":
    window()
