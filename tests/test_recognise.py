"""What a file is: told by what is in it; what is not read is named, with the next step."""

from __future__ import annotations

import gzip
import json
import random
import zipfile
from pathlib import Path

import pytest
from reading import BEES, BREAD, outcome, refusal, titles, written

LINES = "".join(json.dumps({"title": title, "abstract": BREAD}) + "\n" for title in ("On Sourdough", "On Rye"))
CSV = f'title,abstract,year\nOn Sourdough,"{BREAD}",2020\nOn Rye,"{BREAD}",2021\n'
BIBTEX = f"@article{{bread,\n  title = {{On Sourdough}},\n  abstract = {{{BREAD}}},\n  year = 2020\n}}\n"
PASTED = f"On Sourdough\n\n{BREAD * 3}\n\nOn Rye\n\n{BREAD * 3}\n"
MEDLINE = "PMID- 30922926\nOWN - NLM\nTI  - Time lapse.\nAB  - We glimpse into prehistoric genomics.\n"
RIS = "TY  - JOUR\nTI  - On Sourdough\nAB  - We let it ferment.\nER  - \n"


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (gzip.compress(LINES.encode()), "gzip archive"),
        (b"BZh91AY&SY" + bytes(99), "compressed archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "old office document"),
        ("<!DOCTYPE html><html><body>On Sourdough</body></html>", "web page"),
        ('<?xml version="1.0"?>\n<papers/>', "XML"),
        ("<records>\n  <record><title>On Sourdough</title></record>\n</records>", "XML"),
        (MEDLINE, "MEDLINE"),
        (RIS, "RIS"),
        ("\ufeff" + RIS, "RIS"),
        ("Provider: ProQuest\nContent: text/plain\n\n" + RIS, "RIS"),
        ("%0 Journal Article\n%T On Sourdough\n%X We let it ferment.\n", "EndNote"),
        ("FN Clarivate Analytics Web of Science\nVR 1.0\nPT J\nAU Lovelace, A\n", "Web of Science"),
        (r"{\rtf1\ansi On Sourdough\par " + BREAD + "}", "RTF"),
        ("% my paper\n\\documentclass{article}\n\\begin{document}\nOn Sourdough\n\n" + BREAD * 3, "LaTeX source"),
        (json.dumps({"results": [{"title": "On Rye", "abstract_inverted_index": {"We": [0]}}]}), "OpenAlex's JSON"),
        (json.dumps({"status": "ok", "message-type": "work-list", "message": {"items": []}}), "Crossref's JSON"),
        (json.dumps([{"doi": "10.1101/1", "api_url": "https://api.biorxiv.org/"}]), "bioRxiv's JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 else "",
)
def test_F04_what_is_not_read_is_named_with_the_next_step(tmp_path: Path, content: str | bytes, what: str) -> None:
    reason = refusal(written(tmp_path, content)).reason
    assert what in reason
    assert any(step in reason for step in ("Export", "export", "Unpack", "Save", "save", "Give"))


SENTENCE = "Here is what this module does for its callers, at length and in prose, so that it reads like an abstract."


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (f'"""{SENTENCE}"""\n\nfrom __future__ import annotations\n\n"""{SENTENCE * 3}"""\n', "source code"),
        (f"#!/bin/sh\n# Start it\n\n# {SENTENCE * 3}\n", "source code"),
        (f"// Bees\n\nfunction dance(bee) {{\n  // {SENTENCE * 3}\n}}\n", "source code"),
        (f"[project]\nname = 'bees'\n\n[tool]\ntext = '{SENTENCE * 3}'\n", "source code"),
        (f"# Notes\n\n{SENTENCE * 3}\n\n## More\n\n{SENTENCE * 3}\n", "Markdown"),
    ],
    ids=["Python", "shell", "JavaScript", "TOML", "Markdown"],
)  # fmt: skip
def test_F04_code_and_notes_in_a_folder_are_no_papers(tmp_path: Path, content: str, what: str) -> None:
    assert what in refusal(written(tmp_path, content)).reason


def test_code_in_a_cell_is_no_reason_to_refuse_the_table(tmp_path: Path) -> None:
    content = f'title,abstract\nOn Rye,"{BREAD}\n# Code\nimport re\ndef bake():"\n'
    assert titles(written(tmp_path, content)) == ["On Rye"]


def test_F04_a_zip_archive_and_so_an_office_document_is_refused_by_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "papers.csv", "w") as archive:
        archive.writestr("papers.csv", CSV)
    assert "zip archive or office document" in refusal(tmp_path / "papers.csv").reason


@pytest.mark.parametrize("size", [200, 5_000, 100_000])
def test_F04_random_bytes_are_no_text(tmp_path: Path, size: int) -> None:
    assert "no text" in refusal(written(tmp_path, random.Random(size).randbytes(size), "papers.bib")).reason


def test_F04_a_medline_file_named_ris_is_recognised_and_refused_by_name(tmp_path: Path) -> None:
    assert "MEDLINE" in refusal(written(tmp_path, MEDLINE, "pubmed.ris")).reason


@pytest.mark.parametrize(
    ("content", "name"),
    [(BIBTEX, "a.csv"), (CSV, "a.json"), (LINES, "a.txt"), (f"[{LINES.strip()}]".replace("}\n", "},"), "a.bib"),
     (PASTED, "a.jsonl")],
)  # fmt: skip
def test_F04_a_misnamed_file_is_read_for_what_it_is(tmp_path: Path, content: str, name: str) -> None:
    assert titles(written(tmp_path, content, name))[0] == "On Sourdough"


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n ", b"\xef\xbb\xbf", b"\xff\xfe", b"\xef\xbb\xbf\r\n", bytes(99)])
def test_F01_an_empty_file_is_refused_as_empty(tmp_path: Path, content: bytes) -> None:
    assert refusal(written(tmp_path, content)).reason == "The file is empty. Export it again."


@pytest.mark.parametrize("content", ["[]", '{"papers": []}', "title,abstract\n", "@comment{no}", "Hello.", "[1, 2"])
def test_F01_a_file_without_a_paper_says_what_is_read(tmp_path: Path, content: str) -> None:
    reason = refusal(written(tmp_path, content)).reason
    assert reason.startswith("No paper is found in it. Read are JSON Lines, JSON, CSV, BibTeX, and text")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("content", [LINES, CSV, BIBTEX, PASTED], ids=["lines", "csv", "bibtex", "pasted"])
def test_unicode_is_read_with_and_without_its_mark(tmp_path: Path, content: str, encoding: str) -> None:
    content = content.replace("Sourdough", "Pâte à 面包 \u0153")
    assert titles(written(tmp_path, content.encode(encoding)))[0] == "On Pâte à 面包 \u0153"


def test_utf_16_with_the_other_byte_order_is_read(tmp_path: Path) -> None:
    assert titles(written(tmp_path, ("\ufeff" + CSV).encode("utf-16-be"))) == ["On Sourdough", "On Rye"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
@pytest.mark.parametrize("title", ["Étude du café", "El niño", "Über die Größe", "Lære på Århus", "Educação à luz"])
def test_western_accents_are_read(tmp_path: Path, title: str, encoding: str) -> None:
    content = CSV.replace("On Sourdough", title)
    assert titles(written(tmp_path, content.encode(encoding)))[0] == title


def test_curly_quotes_and_dashes_of_windows_are_read(tmp_path: Path) -> None:
    content = CSV.replace("On Sourdough", "The \u201cslow\u201d loaf \u2013 it\u2019s late")
    assert titles(written(tmp_path, content.encode("cp1252")))[0] == "The \u201cslow\u201d loaf \u2013 it\u2019s late"


@pytest.mark.parametrize(
    ("title", "encoding"),
    [("深層学習の新しい手法を提案する", "shift_jis"), ("深度学习的一种新方法", "gb18030"), ("Žluťoučký kůň", "cp1250")],
)
def test_what_no_western_encoding_explains_is_guessed(tmp_path: Path, title: str, encoding: str) -> None:
    content = CSV.replace("On Sourdough", title).encode(encoding)
    assert titles(written(tmp_path, content))[0] == title


def test_a_stray_byte_in_utf_8_costs_one_character_and_no_other(tmp_path: Path) -> None:
    content = CSV.replace("Sourdough", "Pâte à l'été").encode().replace(b"loaves", b"l\xffaves")
    papers, _ = outcome(written(tmp_path, content))
    assert papers[0].title == "On Pâte à l'été"
    assert "The l\ufffdaves rise" in papers[0].abstract


@pytest.mark.parametrize("shift", range(6))
def test_a_character_cut_where_the_head_ends_does_not_mislead(tmp_path: Path, shift: int) -> None:
    title = "x" * shift + "面包" * 12_000
    content = json.dumps({"title": "On Rye", "abstract": BREAD, "note": title}, ensure_ascii=False)
    assert titles(written(tmp_path, f"{content}\n{LINES}")) == ["On Rye", "On Sourdough", "On Rye"]


def test_F04_a_late_byte_that_is_no_utf_8_becomes_one_replacement_character(tmp_path: Path) -> None:
    late = json.dumps({"title": "On Late Bees", "abstract": BEES}).encode().replace(b"Late", b"L\xe4te")
    papers, refusals = outcome(written(tmp_path, LINES.encode() * 600 + late))
    assert papers[-1].title == "On L\ufffdte Bees"
    assert not refusals


@pytest.mark.parametrize("end", ["\r", "\r\n"])
@pytest.mark.parametrize("content", [LINES, CSV, BIBTEX, PASTED], ids=["lines", "csv", "bibtex", "pasted"])
def test_old_mac_and_windows_line_ends_are_read(tmp_path: Path, content: str, end: str) -> None:
    plain = titles(written(tmp_path, content, "plain"))
    assert titles(written(tmp_path, content.replace("\n", end).encode())) == plain
    assert plain


class TestBibtexOrNot:
    def test_reference_managers_greet_before_the_first_entry(self, tmp_path: Path) -> None:
        greeting = "Automatically generated by Mendeley Desktop 1.19\n\n% Encoding: UTF-8\n\n"
        assert titles(written(tmp_path, greeting + BIBTEX)) == ["On Sourdough"]

    def test_pasted_text_that_shows_an_entry_is_pasted_text(self, tmp_path: Path) -> None:
        content = f"{PASTED}\nCitation\n\n{BIBTEX}\n\nOn Bees\n\n{BEES * 3}"
        assert titles(written(tmp_path, content)) == ["On Sourdough", "On Rye", "On Bees"]

    def test_json_that_holds_an_entry_is_json(self, tmp_path: Path) -> None:
        content = json.dumps([{"title": "On Rye", "abstract": f"{BREAD}\n{BIBTEX}"}], indent=1)
        assert titles(written(tmp_path, content)) == ["On Rye"]

    def test_csv_that_holds_an_entry_is_csv(self, tmp_path: Path) -> None:
        content = f'title,abstract\nOn Rye,"{BREAD}\n{BIBTEX}"\n'
        assert titles(written(tmp_path, content)) == ["On Rye"]

    def test_an_address_at_the_start_of_a_line_is_no_entry(self, tmp_path: Path) -> None:
        assert titles(written(tmp_path, f"@someone (new)\n\n{PASTED}")) == ["On Sourdough", "On Rye"]


@pytest.mark.parametrize("blank", ["\n", " ", "\n \t"])
def test_a_long_blank_beginning_is_passed_over_in_no_time(tmp_path: Path, blank: str) -> None:
    assert titles(written(tmp_path, blank * 100_000 + LINES)) == ["On Sourdough", "On Rye"]
