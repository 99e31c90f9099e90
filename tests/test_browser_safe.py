"""What others wrote is shown as what they wrote: nothing of it is rendered, run or fetched, by page or server."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from browsing import ask, needs_chromium, serving, upload, watched
from clock import in_a_browser
from connections import only_this_machine
from playwright.sync_api import Browser, FilePayload, Page, expect

from eval.replies import Body, Reply, evidence, good, said
from eval.scripted import Server, scripted
from ingest.add import ingest
from rag.encoder import BundledEncoder
from rag.library import Library
from rag.pipeline import LONGEST

pytestmark = [needs_chromium, in_a_browser]

ATTACKS = {
    "A10": "![a](http://evil.example/a.png)",
    "A11": "![b][c] [b][c]\n\n[c]: http://evil.example/c.png",
    "A12": "<img src=http://evil.example/d.png onerror=alert(1)><iframe src=http://evil.example/e></iframe>"
    "<style>@import 'http://evil.example/f.css'</style><svg onload=alert(1)><use href='http://evil.example/g'/></svg>"
    "<form action=http://evil.example/h><button>x</button></form><script>alert(1)</script>",
    "A13": "http://evil.example/i <http://evil.example/j> [k](javascript:alert(1)) [l](data:text/html,<b>)",
    "A14": r"$\href{http://evil.example/m}{n}$ $$\includegraphics{http://evil.example/o.png}$$ :red[p] :material/q:",
    "A16": "[https://arxiv.org](http://evil.example/s)",
}
ALL = " ".join(" ".join(ATTACKS.values()).split())  # titles are one line
THEIRS = ", ".join(
    f'{tag}[{attribute}*="{what}"]'
    for tag, attribute in (("a", "href"), ("img", "src"), ("iframe", "src"), ("form", "action"), ("use", "href"))
    for what in ("evil.example", "javascript:", "data:text")
)
QUESTION = "At how many kelvin do Zyxel lattices fold?"


def papers() -> list[dict[str, object]]:
    """Attacks in every field; and by paragraphs, as Markdown has them."""
    abstract = (
        f"Zyxel lattices fold at 40 kelvin {ALL}.\n\n{ATTACKS['A11']}\n\nNothing else is known of Zyxel lattices."
    )
    fields = {"authors": [f"Ann {ALL}", "Bob"], "venue": f"Annals {ALL}", "year": 2020, "url": "javascript:alert(1)"}
    return [{"title": f"Zyxel {ALL}", "abstract": abstract} | fields, {"title": ALL, "abstract": f"About bread {ALL}."}]


def model(body: Body) -> Reply:
    """As hostile as the papers, when it is told to."""
    if "hostile" not in str(body):
        return good(body)
    number, quote = evidence(body)[0]
    return said(f"{quote} [{number}]. {ALL} [{number}]. {quote} [{number}].")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    file = folder / "papers.jsonl"
    file.write_text("".join(json.dumps(paper) + "\n" for paper in papers()))
    ingest(Library(folder / "home"), [file], BundledEncoder())
    return folder / "home"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    names = [Reply(raw=json.dumps({"data": [{"id": ALL}, {"id": "scripted"}]}).encode())]
    with scripted(model, models=names) as server:
        yield server


@pytest.fixture(scope="module")
def address(home: Path, server: Server) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASKPAPERS_LLM", "local/scripted")
        patch.setenv("ASKPAPERS_LLM_BASE_URL", server.url)
        patch.setenv("ASKPAPERS_LLM_API_KEY", "sk-canary-1f2e3d")
        with serving(home, 8792) as address:
            yield address


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with watched(browser, address) as page:
        yield page
        expect(page.locator(THEIRS)).to_have_count(0)


def first_screen(page: Page, _: str) -> None:
    expect(page.get_by_role("button", name="What does").first).to_contain_text(ALL)


def answer_and_evidence(page: Page, _: str) -> None:
    ask(page, QUESTION)
    expect(page.locator(".prose")).to_contain_text("<style>@import 'http://evil.example/f.css'</style>")
    evidence = page.get_by_role("complementary", name="Evidence")
    expect(evidence.get_by_role("heading")).to_have_text(f"Zyxel {ALL}")
    expect(evidence.locator(".byline")).to_contain_text(ALL)
    expect(evidence.locator(".abstract")).to_contain_text(ATTACKS["A11"])
    page.locator(".footer").click()
    page.get_by_text("What was sent to the model").click()
    expect(page.locator("pre").last).to_contain_text("<svg onload=alert(1)>")


def model_and_question(page: Page, _: str) -> None:
    ask(page, f"{QUESTION} hostile {ALL}")
    expect(page.locator(".question")).to_contain_text(ATTACKS["A13"])


def papers_and_one_of_them(page: Page, address: str) -> None:
    page.goto(f"{address}/papers")
    expect(page.get_by_text(f"Zyxel {ALL}", exact=True).first).to_be_visible()
    page.get_by_text(ALL, exact=True).first.click()
    expect(page.get_by_text(f"About bread {ALL}.").first).to_be_visible()


def kept_conversations(page: Page, address: str) -> None:
    ask(page, f"{QUESTION} {ALL}")
    page.goto(address)
    expect(page.get_by_text(ATTACKS["A13"]).first).to_be_attached()


def files_and_pasted_text(page: Page, address: str) -> None:
    page.goto(f"{address}/add")
    name = f"../../x {ALL.replace('/', ':')}.json"
    upload(
        page,
        FilePayload(name=name, mimeType="text/plain", buffer=json.dumps([ALL, {"title": ALL}]).encode()),
        FilePayload(name="bomb.gz", mimeType="application/gzip", buffer=gzip.compress(bytes(10_000_000))),
    )
    page.get_by_label("Or paste papers").fill(f"{ALL[:200]}\n\nToo short to be an abstract, but it ends.")
    page.get_by_role("button", name="Add to the library").click()
    refused = page.get_by_role("region", name="What was refused")
    expect(refused.get_by_role("row").filter(has_text="a gzip archive")).to_have_count(1)
    expect(refused).to_contain_text("onerror=alert(1)")
    expect(page.get_by_role("region", name="What came of each file")).to_contain_text("<svg onload=alert(1)>")


def models_of_a_server(page: Page, address: str) -> None:
    page.goto(f"{address}/models")
    page.get_by_role("button", name="Test").click()
    expect(page.get_by_role("row").filter(has_text="the server has")).to_contain_text(ALL[:60])  # names are cut
    page.get_by_text("Every setting").click()
    expect(page.get_by_role("row").filter(has_text="ASKPAPERS_LLM_API_KEY")).to_contain_text("set")
    assert "sk-canary" not in page.content()


PLACES = (
    first_screen,
    answer_and_evidence,
    model_and_question,
    papers_and_one_of_them,
    kept_conversations,
    files_and_pasted_text,
    models_of_a_server,
)


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_A10_to_A16_what_others_wrote_is_shown_as_words(
    page: Page, address: str, place: Callable[[Page, str], None]
) -> None:
    place(page, address)


def test_A23_a_file_that_is_too_large_is_refused_before_it_is_sent(page: Page, address: str, tmp_path: Path) -> None:
    huge = tmp_path / "huge.jsonl"
    with huge.open("wb") as file:
        file.truncate(51 * 1024 * 1024)
    page.goto(f"{address}/add")
    page.locator("input[type=file]").set_input_files(huge)
    expect(page.get_by_text("File must be 50.0MB or smaller")).to_be_visible()
    page.get_by_role("button", name="Add to the library").click()
    expect(page.get_by_text("Choose files, or paste text, first.")).to_be_visible()


def test_A27_two_windows_share_no_chat_and_no_unsaved_question(page: Page, browser: Browser, address: str) -> None:
    ask(page, QUESTION)
    page.get_by_placeholder("Ask the papers").fill("And what is not asked yet?")
    with watched(browser, address) as other:
        expect(other.get_by_role("button", name="What does").first).to_be_visible()
        expect(other.locator(".question")).to_have_count(0)
        ask(other, "What is known about bread?")
        expect(other.locator(".question")).to_have_text(["What is known about bread?"])
        expect(other.get_by_placeholder("Ask the papers")).to_have_value("")
    expect(page.locator(".question")).to_have_text([QUESTION])
    expect(page.get_by_placeholder("Ask the papers")).to_have_value("And what is not asked yet?")


def test_A33_a_huge_question_is_cut_at_the_box_and_answered(page: Page) -> None:
    box = page.get_by_placeholder("Ask the papers")
    box.fill("Zyxel " * 20_000)
    assert len(box.input_value()) <= LONGEST
    box.fill((f"{QUESTION} " * 200)[:LONGEST])
    page.keyboard.press("Enter")
    expect(page.locator(".footer")).to_have_count(1)


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 200), ({"Host": "evil.example"}, 403), ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403)],
)
def test_A24_A25_only_pages_of_this_machine_are_answered(address: str, headers: dict[str, str], status: int) -> None:
    handshake = {
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
    }  # fmt: skip
    netloc = urlsplit(address).netloc
    assert http_status(netloc, "/", headers) == status
    assert http_status(netloc, "/_stcore/stream", handshake | headers) == (101 if status == 200 else 403)


def http_status(netloc: str, path: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection(netloc, timeout=30)
    connection.request("GET", path, headers=headers)
    return connection.getresponse().status


def own_address() -> str:
    """Of this machine beyond loopback; a datagram socket that is connected has sent nothing yet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return str(probe.getsockname()[0])


def test_the_server_is_reached_from_this_machine_only(address: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((own_address(), urlsplit(address).port), timeout=2)


def test_beyond_this_machine_the_window_answers_under_its_address_and_changes_nothing(
    browser: Browser, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKPAPERS_HOST", "0.0.0.0")
    outside = socket.gethostbyname(socket.gethostname())
    with serving(home, 8793) as address:
        for at in {address, address.replace("127.0.0.1", outside)}:
            with watched(browser, f"{at}/add") as page:
                expect(page.get_by_text("so that it only answers questions")).to_be_visible(timeout=30_000)
                expect(page.get_by_role("button", name="Add to the library")).to_have_count(0)
        netloc = urlsplit(page.url).netloc
        assert http_status(netloc, "/_stcore/health", {"Origin": f"http://{netloc}"}) == 200
        assert http_status(netloc, "/_stcore/health", {"Origin": "http://evil.example"}) == 403


def test_a_process_that_calls_outside_is_caught() -> None:
    call = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.77', 9))"
    with pytest.raises(AssertionError, match=re.escape("192.0.2.77")), only_this_machine() as env:
        subprocess.run([sys.executable, "-c", call], env=env, check=False, stderr=subprocess.DEVNULL)


SETTLED = """scheme => getComputedStyle(document.querySelector(".stApp")).colorScheme === scheme
    && document.getAnimations().every(({playState}) => playState !== "running")"""
AXE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
    .filter(({impact}) => impact === "serious" || impact === "critical")
    .map(({id, nodes}) => [id, nodes.map(({target, html}) => `${target.join(" ")}: ${html.slice(0, 200)}`)])"""


@pytest.mark.parametrize("path", ["", "papers", "compare", "add", "models", "evaluation"])
def test_nothing_serious_keeps_anyone_from_reading_a_page(browser: Browser, address: str, path: str) -> None:
    with watched(browser, f"{address}/{path}") as page:
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if path == "":
            expect(page.get_by_role("button", name="What does").first).to_be_visible()
            ask(page, QUESTION)
            page.get_by_text("Asking all").click()  # what is open has a colour of its own
        if path == "models":
            page.get_by_role("button", name="Test").click()
            expect(page.get_by_role("row").filter(has_text="the server has")).to_be_visible()
        page.evaluate(AXE_SCRIPT)
        for width, height in ((1440, 900), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.wait_for_function(SETTLED, arg=scheme)
                assert page.evaluate(AXE) == [], (width, scheme)
                assert page.evaluate("document.documentElement.scrollWidth") <= width
