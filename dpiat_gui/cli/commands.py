"""The headless commands: match, transfer, similarity, render."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from dpiat_gui import __version__
from dpiat_gui.cli import output
from dpiat_gui.cli.task import Task, make_task
from dpiat_gui.errors import Cancelled, DpiatError, EngineError, MatchError
from dpiat_gui.matching.similarity import similarity as similarity_of
from dpiat_gui.matching.values import Matching

app = typer.Typer(
    name="dpiat-gui",
    help="See, correct and carry out weight transfer between networks of different architectures.",
    epilog="dpiat-gui [PROJECT | SOURCE TARGET] opens the window.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Preset(StrEnum):
    """Presets of options."""

    recommended = "recommended"
    paper = "paper"


class Method(StrEnum):
    """Standardizations."""

    blocks = "blocks"
    flatten = "flatten"


class LayerTypes(StrEnum):
    """Sets of layer types that score."""

    all = "all"
    paper = "paper"


_REFERENCE = "timm:NAME?options, FILE.safetensors, FILE.pth, FILE.py:factory or package.module:factory."
Source = Annotated[str | None, typer.Argument(metavar="SOURCE", help=f"Gives weights: {_REFERENCE}")]
Target = Annotated[
    str | None, typer.Argument(metavar="TARGET", help="Takes weights; a reference like SOURCE.")
]
ProjectFile = Annotated[
    Path | None, typer.Option("--project", help="Take networks, options and overrides from a saved project.")
]
PresetOption = Annotated[
    Preset | None,
    typer.Option(help="Options to start from: recommended, or the paper's. [default: recommended]"),
]
MethodOption = Annotated[Method | None, typer.Option(help="Standardization. [default: blocks]")]
TypesOption = Annotated[LayerTypes | None, typer.Option(help="Which kinds of layers score.")]
Exponent = Annotated[float | None, typer.Option(help="x of the span penalty d^-x, between 0 and 1.")]
Pins = Annotated[
    list[str] | None,
    typer.Option("--pin", metavar="SOURCE=TARGET", help="Match this pair of layers or blocks."),
]
Bans = Annotated[
    list[str] | None, typer.Option("--ban", metavar="SOURCE=TARGET", help="Never match this pair.")
]
Fresh = Annotated[
    list[str] | None,
    typer.Option("--fresh", metavar="TARGET", help="Leave this target to its initialisation."),
]
Trust = Annotated[
    bool, typer.Option("--trust", help="Run the code that the references name, now and from now on.")
]
Json = Annotated[
    str | None, typer.Option("--json", metavar="[FILE]", help="Write JSON to FILE, or to standard output.")
]


def run(arguments: Sequence[str]) -> int:
    """Run a command; return the exit code."""
    try:
        result = app(args=_with_json_target(arguments), prog_name="dpiat-gui", standalone_mode=False)
        return int(result or 0)
    except typer.Exit as error:
        return int(error.exit_code)
    except typer.Abort:
        output.print_error(Cancelled())
        return 1
    except typer.TyperException as error:
        error.show()  # type: ignore[attr-defined]  # every usage error has it
        return 2
    except (Cancelled, EngineError) as error:
        output.print_error(error)
        return 1
    except DpiatError as error:
        output.print_error(error)
        return 2
    except KeyboardInterrupt:
        output.print_error(Cancelled())
        return 1
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        sys.stderr.close()
        return 0


def _with_json_target(arguments: Sequence[str]) -> list[str]:
    """Let ``--json`` stand without a file, for standard output."""
    result: list[str] = []
    for at, argument in enumerate(arguments):
        result.append(argument)
        if argument == "--json":
            following = arguments[at + 1] if at + 1 < len(arguments) else ""
            if following != "-" and not following.endswith(".json"):
                result.append("-")
    return result


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dpiat-gui {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def _asked(*given: Any, **options: Any) -> Task:
    """Put a command's options together; what is missing there is bad use, not bad input."""
    try:
        return make_task(*given, **options)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _similarity_or_none(task: Task, matching: Matching) -> Any:
    try:
        return similarity_of(matching.source, matching.target, task.options)
    except MatchError:
        return None


@app.command()
def demo() -> int:
    """Open the window on the built-in demo: ImageNet weights into mobilenetv2_100."""
    from dpiat_gui.cli.window import open_window

    return open_window(["demo"])


@app.command()
def match(
    source: Source = None,
    target: Target = None,
    project: ProjectFile = None,
    preset: PresetOption = None,
    method: MethodOption = None,
    layer_types: TypesOption = None,
    exponent: Exponent = None,
    pin: Pins = None,
    ban: Bans = None,
    fresh: Fresh = None,
    trust: Trust = False,
    json: Json = None,
    csv: Annotated[
        str | None,
        typer.Option("--csv", metavar="FILE", help="Write the pairs as CSV; - for standard output."),
    ] = None,
) -> None:
    """Match two networks and print the pairs as a table."""
    task = _asked(
        source,
        target,
        project,
        preset=preset,
        method=method,
        layer_types=layer_types,
        exponent=exponent,
        pins=pin or (),
        bans=ban or (),
        fresh=fresh or (),
        trust=trust,
    )
    matching = task.matching()
    similarity = _similarity_or_none(task, matching)
    if json:
        document = output.matching_to_json(matching)
        document["similarity"] = _similarity_json(similarity) if similarity else None
        output.write_json(json, document)
    if csv:
        output.write_csv(csv, matching)
    if not json and not csv:
        output.print_matching(matching, similarity)


def _similarity_json(similarity: Any) -> dict[str, float]:
    return {
        "forward": similarity.forward,
        "backward": similarity.backward,
        "symmetric": similarity.symmetric,
    }


@app.command()
def similarity(
    source: Source = None,
    target: Target = None,
    project: ProjectFile = None,
    preset: Annotated[Preset, typer.Option(help="Options to start from.")] = Preset.paper,
    method: MethodOption = None,
    layer_types: TypesOption = None,
    exponent: Exponent = None,
    trust: Trust = False,
    json: Json = None,
) -> None:
    """Print how similar two architectures are, in both directions."""
    task = _asked(
        source,
        target,
        project,
        preset=preset,
        method=method,
        layer_types=layer_types,
        exponent=exponent,
        trust=trust,
    )
    found = similarity_of(*task.networks(), task.options)
    if json:
        output.write_json(json, {"source": task.source, "target": task.target} | _similarity_json(found))
    else:
        typer.echo(output.similarity_text(found))


@app.command()
def transfer(
    source: Source = None,
    target: Target = None,
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="The .safetensors or .pth file to write.")
    ] = ...,  # type: ignore[assignment]  # typer's mark of a required option
    project: ProjectFile = None,
    preset: PresetOption = None,
    method: MethodOption = None,
    layer_types: TypesOption = None,
    exponent: Exponent = None,
    pin: Pins = None,
    ban: Bans = None,
    fresh: Fresh = None,
    operator: Annotated[str | None, typer.Option(help="How tensors are cut to fit. [default: clip]")] = None,
    buffers: Annotated[
        bool | None, typer.Option("--buffers/--no-buffers", help="Copy running statistics too.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu, cuda, cuda:N or mps. [default: auto]")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the target's own initialisation. [default: 0]")] = None,
    trust: Trust = False,
    json: Json = None,
) -> None:
    """Transfer weights from SOURCE to TARGET and write the target's checkpoint."""
    from dpiat_gui.transfer.execution import run_transfer
    from dpiat_gui.transfer.request import TransferRequest

    task = _asked(
        source,
        target,
        project,
        preset=preset,
        method=method,
        layer_types=layer_types,
        exponent=exponent,
        pins=pin or (),
        bans=ban or (),
        fresh=fresh or (),
        trust=trust,
    )
    request = TransferRequest(
        source=task.source,
        target=task.target,
        output=str(out),
        method=task.method,
        options=task.options,
        overrides=task.overrides,
        operator=operator or task.operator,
        buffers=task.buffers if buffers is None else buffers,
        device=device or task.device,
        seed=task.seed if seed is None else seed,
        source_fingerprint=task.fingerprints[0] or None,
        target_fingerprint=task.fingerprints[1] or None,
    )
    with _interruptible() as cancelled, output.progress_bar(quiet=json == "-") as progress:
        report = run_transfer(request, progress=progress, cancelled=cancelled)
    if json:
        output.write_json(json, report.to_json())
    else:
        output.print_report(report)


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Turn the first Ctrl+C into a wish to cancel; a second one ends the process at once."""
    wished = threading.Event()

    def wish(signum: int, frame: object) -> None:
        wished.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, wish)
    try:
        yield wished.is_set
    finally:
        signal.signal(signal.SIGINT, before)


class ThemeName(StrEnum):
    """Themes of a figure."""

    light = "light"
    dark = "dark"


@app.command()
def render(
    source: Source = None,
    target: Target = None,
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="FIG", help="The .svg, .pdf or .png file to write.")
    ] = ...,  # type: ignore[assignment]  # typer's mark of a required option
    project: ProjectFile = None,
    preset: PresetOption = None,
    method: MethodOption = None,
    layer_types: TypesOption = None,
    exponent: Exponent = None,
    pin: Pins = None,
    ban: Bans = None,
    fresh: Fresh = None,
    theme: Annotated[ThemeName, typer.Option(help="Colours of the figure.")] = ThemeName.light,
    expand: Annotated[
        bool, typer.Option("--expand/--collapse", help="Draw the layers inside the blocks, or blocks alone.")
    ] = False,
    legend: Annotated[bool, typer.Option("--legend/--no-legend", help="Draw the legend.")] = True,
    title: Annotated[bool, typer.Option("--title/--no-title", help="Draw the networks' names.")] = True,
    scale: Annotated[float, typer.Option(help="Pixels a point, for .png.")] = 2.0,
    trust: Trust = False,
) -> None:
    """Draw the whole match as a figure, without a window."""
    from dpiat_gui.services.display import missing_libraries

    problem = missing_libraries()
    if problem:
        raise DpiatError(problem)
    task = _asked(
        source,
        target,
        project,
        preset=preset,
        method=method,
        layer_types=layer_types,
        exponent=exponent,
        pins=pin or (),
        bans=ban or (),
        fresh=fresh or (),
        trust=trust,
    )
    matching = task.matching()
    from dpiat_gui.canvas.render import render_matching
    from dpiat_gui.services.palettes import DARK, LIGHT
    from dpiat_gui.transfer.coverage import coverage
    from dpiat_gui.transfer.planning import plan_transfer

    covered = coverage(plan_transfer(matching, operator=task.operator, buffers=task.buffers))
    render_matching(
        matching,
        out,
        theme=DARK if theme is ThemeName.dark else LIGHT,
        coverage=covered,
        expanded=expand,
        scale=scale,
        legend=legend,
        title=title,
    )
    typer.echo(f"Written {out}")
