"""What is taken along: read back as viewers and reference managers read it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from test_reference import read

from rag.pipeline import Pipeline
from rag.types import Answer, Citation, Paper, Passage, Query, Scope, Span, Statement
from ui.chat import Exchange
from ui.export import as_bibtex, as_markdown, as_ris, cited, escaped
from ui.export_view import file_name

PAPER = Paper("p", "On Rye", "Rye is dark. It is old.", ("Jane Doe",), 2024, "Bread", "https://example.org/a", "10.1/x")
MARKUP = (
    "# a", "- a", "+ a", "= a", "===", "---", "***", "1. a", "2) a", "    code", "> a", "```", "~~~ a", "<b>a</b>",
    "<!-- a", "![a](http://evil.example/a.png)", "[a](javascript:alert(1))", "[a]: http://evil.example", "&lt;", "a\\",
    "<http://evil.example>", "| a | b |\n|---|---|", "*a* _b_ `c` ~~d~~", "$x$", "[^1]: a", "\\[x\\]", "a  \nb", "\tx",
)  # fmt: skip


def answer(said: str = "Rye is dark.", paper: Paper = PAPER) -> Answer:
    statement = Statement(said, (1,), "supported", 1.0, ("", f"{said} ", 1))
    cited = (Citation(1, Span(paper, 0, min(12, len(paper.abstract)))),)
    return Answer("q", "q", "answered", f"{said} [1]", None, None, (statement,), cited)


def exchange(paper: Paper = PAPER) -> Exchange:
    return Exchange("What is rye?", answer(paper=paper))


def tokens(markdown: str) -> list[Token]:
    """All of them, as a viewer with tables and strikethrough makes them."""
    found = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    return [token for block in found for token in (block, *(block.children or ()))]


def test_a_question_stands_above_its_answer_its_quotes_and_the_papers() -> None:
    assert as_markdown("Of bread", [exchange()]).split("\n\n") == [
        "# Of bread",
        "Only the papers' abstracts are known; quotes are theirs, word for word.",
        "## What is rye?",
        r"Rye is dark. \[1\]",
        "> \\[1\\] “Rye is dark.”\n>\n> On Rye (2024)",
        "(Answered by extractive)",
        "## Papers",
        "- Jane Doe. On Rye (2024). Bread. doi:10.1/x. <https://example.org/a>\n",
    ]


def test_what_is_not_borne_out_and_what_was_noted_is_said() -> None:
    doubted = replace(answer().statements[0], support="unsupported")
    told = as_markdown("t", [Exchange("q", replace(answer(), statements=(doubted,), fallback="The model is away."))])
    assert r"Rye is dark. \[1\] (not borne out by any quote)" in told
    assert "Note: The model is away." in told


def test_an_abstention_says_why_and_what_is_nearest(pipeline: Pipeline) -> None:
    found = pipeline.ask(Query("What is the capital of France?")).answer
    told = as_markdown("t", [Exchange("What is the capital of France?", found)])
    assert "The papers don't say." in told
    assert escaped(found.reason or "") in told
    assert escaped(found.passages[0].span.paper.title) in told


def test_where_not_all_papers_were_asked_it_says_which() -> None:
    asked = replace(exchange(), scope=Scope(years=(2019, 2020), venues=("*ACL*",)))
    assert r"Asked of: 2019 to 2020 · \*ACL\*" in as_markdown("t", [asked])
    assert "Asked of" not in as_markdown("t", [exchange()])


def test_failures_are_left_out() -> None:
    failed = Exchange("Why?", Answer("Why?", "Why?", "failed", "", reason="The model is away."))
    assert as_markdown("t", [failed, Exchange("Stopped?"), exchange()]) == as_markdown("t", [exchange()])
    assert as_bibtex([failed]) == as_ris([failed]) == ""


ALLOWED = {"heading", "paragraph", "blockquote", "list_item", "bullet_list", "inline", "text", "softbreak"}


def acted_upon(markdown: str) -> set[str]:
    """What a viewer makes of it beside plain words, in the forms that are ours; our one address left out."""
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens(markdown)}
    return kinds - ALLOWED - {"text_special"}


@pytest.mark.parametrize("words", MARKUP)
def test_words_of_others_are_shown_as_words_wherever_they_stand(words: str) -> None:
    paper = Paper("p", words, words, (words, words), 2024, words, words, words, words)
    nearest = (Passage(Span(paper, 0, len(paper.abstract)), 0.5),)
    whole = replace(
        answer(words, paper),
        status="abstained",
        reason=words,
        fallback=words,
        notes=(words,),
        passages=nearest,
        model=words,
    )
    told = as_markdown(words, [Exchange(words, whole)])
    assert not acted_upon(told)
    assert "http://" not in told.replace("http&#58;", "")
    headings = [token for token in tokens(told) if token.type == "heading_open"]
    assert len(headings) == 3


@given(st.text(max_size=60) | st.lists(st.sampled_from([*MARKUP, " ", "\n", "a"]), max_size=4).map("".join))
def test_whatever_is_escaped_is_read_as_it_was(words: str) -> None:
    line = " ".join(words.split())
    for made, before in ((f"# {escaped(words)}", ""), (f"x\n\n{escaped(words)}", "x"), (f"> {escaped(words)}", "")):
        shown = [token for token in tokens(made) if token.type in ("text", "text_special")]
        assert not acted_upon(made)
        assert "".join(token.content for token in shown) == before + line.replace("\x00", "\ufffd")


def test_an_address_of_a_paper_is_a_link_only_to_the_web() -> None:
    for url in ("javascript:alert(1)", "https://a.b/ onerror=x", "https://a.b/><b>", "file:///etc/passwd", None):
        told = as_markdown("t", [exchange(paper=replace(PAPER, url=url))])
        assert "link_open" not in {token.type for token in tokens(told)}
    links = [token for token in tokens(as_markdown("t", [exchange()])) if token.type == "link_open"]
    assert [link.attrs["href"] for link in links] == ["https://example.org/a"]


def test_each_cited_paper_is_an_entry_once_as_it_was_cited_last() -> None:
    later = replace(PAPER, year=2025)
    chat = [exchange(), exchange(paper=later), exchange(paper=replace(PAPER, id="other", title="On Wheat"))]
    assert [(paper.id, paper.year) for paper in cited(chat)] == [("p", 2025), ("other", 2024)]
    assert [entry["title"] for entry in parse_string(as_bibtex(chat)).entries] == ["On Rye", "On Wheat"]
    assert [dict(record)["TI"] for record in read(as_ris(chat))] == ["On Rye", "On Wheat"]


@pytest.mark.parametrize("title", ["../../etc/passwd", "CON:<>|?*", "a\x00b\n", "x" * 300, "Wie groß ist 本?", ""])
def test_a_file_is_named_by_letters_digits_and_hyphens(title: str) -> None:
    name = file_name(title)
    assert set(name) <= {*"abcdefghijklmnopqrstuvwxyz0123456789-"}
    assert 0 < len(name) <= 60
