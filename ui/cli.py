"""The command line: parse, open, do, print. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from rag.errors import AskpapersError, CallerMistake
from ui import evaluation

if TYPE_CHECKING:
    from rag.config import Settings
    from rag.library import Library

Home = Annotated[
    Path | None, typer.Option("--library", metavar="DIR", help="Folder of another library; never filled unasked.")
]
Llm = Annotated[
    str | None,
    typer.Option("--llm", metavar="SPEC", help="Who writes: extractive, openai/NAME, ollama/NAME or local/NAME."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, and nothing else, on stdout.")]
Port = Annotated[
    int | None, typer.Option(metavar="N", min=1, max=65535, help="Port of the window; the next free one if taken.")
]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Don't open a browser.")]

RESUMED = ("ingest", "embed", "eval")  # commands that go on from where they were stopped
CTRL_C = 130  # what typer makes of it, and says nothing

app = typer.Typer(
    name="askpapers",
    help="Ask a collection of papers a question; every sentence of the answer is backed by a verbatim quote.\n\n"
    'Without a command: opens the chat window. Example: askpapers ask "What does Nano-Capsulator compress?"',
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(evaluation.app, name="eval")


def main() -> None:
    """The entry point: exit code 0 done, 1 a failure, 2 a mistake of the caller's."""
    if isinstance(sys.stdout, TextIOWrapper):  # it may be ASCII, and papers write every character there is
        sys.stdout.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    if code == CTRL_C:  # a library's thread that is still at work could abort while the interpreter is taken down
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Runs one command; an error is one line on stderr."""
    try:
        code = int(app(arguments, standalone_mode=False) or 0)
    except TyperException as error:
        said = error.format_message().rstrip(".")
        return _complain(f"{said}{'' if said.endswith('?') else '.'} Examples: askpapers {_command(error)}--help", 2)
    except AskpapersError as error:
        return _complain(str(error), 2 if isinstance(error, CallerMistake) else 1)
    except BrokenPipeError:  # the reader (head, less) has seen enough
        sys.stderr.close()
        return 0
    return _complain(_stopped(arguments), code) if code == CTRL_C else code


def _stopped(arguments: list[str]) -> str:
    """Whether anything is kept depends on the command."""
    is_kept = arguments[:1] and arguments[0] in RESUMED
    return "Stopped. What was finished is kept; run it again to go on." if is_kept else "Stopped."


def _command(error: TyperException) -> str:
    """The command that was called, and a space; nothing where there is no such command."""
    context = getattr(error, "ctx", None)
    names: list[str] = []
    while context and context.parent:
        names, context = [f"{context.info_name} ", *names], context.parent
    return "".join(names)


def _complain(message: str, code: int) -> int:
    print(f"askpapers: {' '.join(message.split())}", file=sys.stderr)
    return code


def _version(wanted: bool) -> None:
    if wanted:
        print(f"askpapers {version('askpapers')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def default(
    context: typer.Context,
    port: Port = None,
    no_browser: NoBrowser = False,
    library: Home = None,
    llm: Llm = None,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Opens the chat window when no command is given."""
    if context.invoked_subcommand is None:
        chat(port, no_browser, library, llm)
    elif given := [name for name, value in context.params.items() if value]:
        option, command = f"--{given[0].replace('_', '-')}", context.invoked_subcommand
        raise CallerMistake(f"{option} stands before the command. Write it behind: askpapers {command} ... {option}")


@app.command(epilog="Example: askpapers chat --port 8600 --no-browser")
def chat(port: Port = None, no_browser: NoBrowser = False, library: Home = None, llm: Llm = None) -> None:
    """Opens the chat window in the browser, on this machine only."""
    from ui.serve import serve

    settings = _settings(library, llm, port)
    _library(settings, library)
    serve(settings, browser=not no_browser)


@app.command(epilog='Example: askpapers ask "How much shorter do capsule prompts get?" --llm ollama/qwen3 --json')
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="The question, in quotes.")],
    history: Annotated[
        Path | None, typer.Option(metavar="FILE", help='JSON: [{"role": "user", "content": "...", "papers": [...]}].')
    ] = None,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Print on stderr exactly what was sent to the model.")
    ] = False,
    as_json: AsJson = False,
    library: Home = None,
    llm: Llm = None,
) -> int:
    """Answers one question with quotes, or says that the papers don't."""
    from rag.forms import answer_json, read_history
    from rag.pipeline import readable, settled
    from rag.types import Query
    from ui.opening import open_pipeline
    from ui.terminal import print_answer, print_aside, print_prompt, print_stream

    query = Query(readable(question), read_history(history) if history else ())
    settings = _settings(library, llm)
    pipeline = open_pipeline(_library(settings, library), settings)
    stream = pipeline.ask(query)
    if as_json:
        answer = settled(query, lambda: stream.answer)
        _print_json(answer_json(answer))
    else:
        answer = settled(query, lambda: print_stream(stream))
        print_answer(answer)
    for note in pipeline.retriever.notes:
        print_aside(note)
    if show_prompt:
        print_prompt(answer)
    return int(answer.status == "failed")


@app.command(epilog="Example: askpapers ingest refs.bib more.jsonl exports/")
def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders of files.")],
    as_json: AsJson = False,
    library: Home = None,
) -> int:
    """Adds papers from JSON Lines, JSON, CSV, BibTeX or pasted text (title, blank line, abstract)."""
    from ingest.add import embed as complete
    from ingest.add import fill
    from ingest.add import ingest as add
    from ingest.read import expand
    from rag.chroma_server import load_server
    from rag.encoder import BundledEncoder
    from rag.library import Library
    from rag.models import load_embedding
    from ui.terminal import print_summary, progress

    missing = [path for path in paths if not os.path.lexists(path)]  # unlike Path.exists, no trouble with long names
    if missing:
        raise CallerMistake(f"No file or folder {str(missing[0])!r}. Nothing was added.")
    settings = _settings(library)
    embedding, server = load_embedding(settings), load_server(settings)  # what is wrong is told before it is begun
    store, encoder = Library(settings.library), BundledEncoder()
    with progress() as step:
        if library is None and store.fresh and len(store):
            fill(store, encoder, step, server)  # adding the shipped papers was cut short
        summaries = add(store, expand(paths), encoder, step, server)
    if as_json:
        _print_json([summary.as_json() for summary in summaries])
    else:
        print_summary(summaries, len(store))
    if embedding:
        with progress() as step:
            complete(store, embedding, ("passage",), step, server)
    return 0


@app.command(epilog="Example: ASKPAPERS_EMBEDDING=ollama/nomic-embed-text askpapers embed")
def embed(library: Home = None) -> None:
    """Makes the vectors that papers lack of the configured embedding; until all are there, the old ones serve."""
    from ingest.add import embed as complete
    from rag.chroma_server import load_server
    from rag.encoder import BundledEncoder
    from rag.models import load_embedding
    from ui.terminal import printable, progress

    settings = _settings(library)
    embedding, encoder, server = load_embedding(settings), BundledEncoder(), load_server(settings)
    store = _library(settings, library)
    with progress() as step:
        complete(store, encoder, ("passage", "sentence"), step, server)
        if embedding:
            complete(store, embedding, ("passage",), step, server)
    print(printable(f"All {len(store):,} papers have vectors of {(embedding or encoder).fingerprint}."))


@app.command(epilog="Example: askpapers papers | grep -i clip")
def papers(as_json: AsJson = False, library: Home = None) -> None:
    """Lists the papers in the library."""
    from dataclasses import asdict

    from ui.terminal import print_aside, printable

    store = _library(_settings(library), library)
    if not len(store):
        print_aside(f"The library in {store.folder} holds no papers. Add some: askpapers ingest PATH")
    if as_json:
        _print_json([asdict(paper) for paper in store.papers()])
        return
    for paper in store.papers():
        print(printable(f"{paper.id}  {paper.title}{f' ({paper.year})' if paper.year else ''}"))


@app.command(epilog="Example: askpapers remove demystifying-clip-data-1a2b3c")
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As `askpapers papers` lists them.")],
    library: Home = None,
) -> None:
    """Takes papers out of the library."""
    from ingest.add import remove as take_out
    from rag.chroma_server import load_server
    from rag.encoder import BundledEncoder
    from ui.terminal import printable

    settings = _settings(library)
    store, server = _library(settings, library), load_server(settings)
    found = [store.paper(name) for name in ids]
    take_out(store, (paper.id for paper in found), BundledEncoder(), server)
    for paper in found:
        print(printable(f"Removed {paper.id}  {paper.title}"))


@app.command(epilog="Example: askpapers doctor --json")
def doctor(as_json: AsJson = False, library: Home = None, llm: Llm = None) -> int:
    """Checks configuration, library, index, encoder and port, and says how to mend what is wrong."""
    from ui.doctor import checks
    from ui.terminal import print_check

    found = []
    for check in checks(_settings(library, llm), ship=library is None):
        found.append(check)
        if not as_json:
            print_check(check)
    if as_json:
        _print_json([check.as_json() for check in found])
    return int(any(check.status == "error" for check in found))


def _settings(library: Path | None, llm: str | None = None, port: int | None = None) -> Settings:
    from rag.config import load_settings

    return load_settings(home=library, llm=llm, port=port)


def _library(settings: Settings, given: Path | None) -> Library:
    """The library; a default one that is new is first given the shipped papers."""
    from ui.opening import open_library
    from ui.terminal import progress

    with progress() as step:
        return open_library(settings, given is None, step)


def _print_json(value: object) -> None:
    plain = sys.stdout.encoding.lower() not in {"utf-8", "utf8"}
    print(json.dumps(value, ensure_ascii=plain, indent=None if isinstance(value, dict) else 1))
