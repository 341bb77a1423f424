"""The commands but the window itself: what each takes, and in which order it does its work."""

import errno
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dpiat_gui import __version__
from dpiat_gui.cli import output
from dpiat_gui.cli.asked import match_project, open_networks
from dpiat_gui.cli.exporting import export_plan, verified_text, verify_file, wanted
from dpiat_gui.cli.interrupting import interruptible
from dpiat_gui.cli.options import (
    Json,
    takes_project,
)
from dpiat_gui.errors import Cancelled, DpiatError, EngineError, MatchError, WriteError
from dpiat_gui.matching.compare import compare
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.similarity import similarity as similarity_of
from dpiat_gui.matching.values import Matching, Overrides, Similarity
from dpiat_gui.project.values import Project

app = typer.Typer(
    name="dpiat-gui",
    help="See, correct and carry out weight transfer between networks of different architectures.",
    epilog="dpiat-gui [PROJECT | SOURCE TARGET] opens the window.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def run(arguments: Sequence[str]) -> int:
    """Run a command; return the exit code."""
    try:
        result = app(args=_with_json_target(arguments), prog_name="dpiat-gui", standalone_mode=False)
        return int(result or 0)
    except typer.Exit as error:
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        output.print_error(Cancelled())
        return 1
    except typer.TyperException as error:
        error.show()  # type: ignore[attr-defined]  # every usage error has it
        return 2
    except DpiatError as error:
        output.print_error(error)
        return 1 if isinstance(error, Cancelled | EngineError | WriteError) else 2
    except SystemExit:
        # Typer's answer to a closed pipe: whoever read our output has seen enough.
        return 0
    except OSError as error:
        # What nobody nearer to the file made plain, such as an output stream on a full disk.
        output.print_error(_refused(error))
        return 1


def _refused(error: OSError) -> WriteError:
    where = error.filename or "the output"
    if error.errno == errno.ENAMETOOLONG:
        return WriteError(f"The name {where} is too long for this disk.", "Check the name.")
    return WriteError(
        f"The system refused {where}: {error.strerror or error}.",
        "Free some space or choose another place, and run the command again.",
    )


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


@app.command()
def demo() -> int:
    """Open the window on the built-in demo: ImageNet weights into mobilenetv2_100."""
    from dpiat_gui.cli.window import open_window

    return open_window(["demo"])


@app.command()
@takes_project()
def match(
    project: Project,
    json: Json = None,
    csv: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the pairs as CSV; - for standard output.")
    ] = None,
    versus: Annotated[
        str | None,
        typer.Option(
            metavar="METHOD", help="Compare with another method, or with 'automatic': without overrides."
        ),
    ] = None,
) -> None:
    """Match two networks and print the pairs as a table."""
    matching = match_project(project)
    similarity = _similarity_or_none(project, matching)
    other = _other(project, matching, versus) if versus else None
    if json:
        document = output.matching_to_json(matching, similarity)
        if other:
            document["comparison"] = output.comparison_to_json(compare(other, matching))
        output.write_json(json, document)
    if csv:
        output.write_csv(csv, matching)
    if not json and not csv:
        if other:
            output.print_comparison(compare(other, matching), versus or "")
        else:
            output.print_matching(matching, similarity)


def _similarity_or_none(project: Project, matching: Matching) -> Similarity | None:
    try:
        return similarity_of(matching.source, matching.target, project.options)
    except MatchError:
        return None


def _other(project: Project, matching: Matching, versus: str) -> Matching:
    """Match the same networks in the way that is compared with."""
    if versus == "automatic":
        return match_networks(matching.source, matching.target, project.options, Overrides())
    return match_project(replace(project, options=replace(project.options, method=versus)))


@app.command()
@takes_project(preset="paper", overrides=False)
def similarity(project: Project, json: Json = None) -> None:
    """Print how similar two architectures are, in both directions."""
    source, target = open_networks(project)
    found = similarity_of(source, target, project.options)
    if json:
        names = {"source": source.origin, "target": target.origin}
        output.write_json(json, names | output.similarity_to_json(found))
    else:
        typer.echo(output.similarity_text(found))


@app.command()
@takes_project(transfer=True)
def transfer(
    project: Project,
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="OUT", help="The .safetensors or .pth file to write.")
    ],
    max_shard_size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="Write shards of at most SIZE, such as 2GB, and an index."),
    ] = None,
    max_device_memory: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Take at most SIZE of the device's memory.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Read the file back and apply the plan again.")
    ] = True,
    manifest: Annotated[
        bool | None,
        typer.Option(
            "--manifest/--no-manifest", help="Write a record with hashes beside it: OUT.manifest.json."
        ),
    ] = None,
    ledger: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Account for every element in a .json or .csv file.")
    ] = None,
    json: Json = None,
) -> None:
    """Transfer weights from SOURCE to TARGET and write the target's checkpoint."""
    from dpiat_gui.project.request import written_request
    from dpiat_gui.transfer.execution import run_transfer

    more = wanted(
        max_shard_size=max_shard_size,
        max_device_memory=max_device_memory,
        verify=verify,
        manifest=manifest,
        ledger=ledger,
    )
    request = replace(written_request(project, out), **more)
    with output.progress_bar(quiet=json == "-") as show, interruptible(show) as (progress, cancelled):
        report = run_transfer(request, progress=progress, cancelled=cancelled)
    if json:
        output.write_json(json, report.to_json())
    else:
        output.print_report(report)


@app.command()
@takes_project(transfer=True)
def check(
    project: Project,
    weights: Annotated[
        str | None, typer.Option(metavar="FILE", help="Check this checkpoint of the target instead.")
    ] = None,
    images: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Run images of this folder, not random numbers.")
    ] = None,
    inputs: Annotated[int, typer.Option(help="Number of inputs in the batch.")] = 4,
    json: Json = None,
) -> None:
    """Run a batch through source, target before and target after, and say what explodes or dies."""
    from dpiat_gui.cli.checking import check_project, print_check

    with output.progress_bar(quiet=json == "-") as show, interruptible(show) as (progress, cancelled):
        report = check_project(
            project,
            weights=weights,
            images=images,
            inputs=inputs,
            seed=project.seed,
            progress=progress,
            cancelled=cancelled,
        )
    if json:
        output.write_json(json, report.to_json())
    else:
        print_check(report)


@app.command()
@takes_project(transfer=True)
def plan(
    project: Project,
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--output", metavar="FILE", help=".json: the plan; .csv: its ledger; .py: a script of it."
        ),
    ],
) -> None:
    """Write what a transfer would do to every tensor, without doing it."""
    with output.progress_bar(quiet=False) as show, interruptible(show) as (progress, cancelled):
        told = export_plan(project, out, progress=progress, cancelled=cancelled)
    typer.echo(told)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A checkpoint, or the index of its shards.")],
    sources: Annotated[
        bool,
        typer.Option("--sources", help="Apply the plan to the original files again; needs the manifest."),
    ] = False,
    json: Json = None,
) -> None:
    """Check that a checkpoint is as it was written, against its manifest or its metadata."""
    with output.progress_bar(quiet=json == "-") as show, interruptible(show) as (progress, cancelled):
        found = verify_file(file, again=sources, progress=progress, cancelled=cancelled)
    if json:
        output.write_json(json, found)
    else:
        typer.echo(verified_text(found))


class ThemeName(StrEnum):
    """Themes of a figure."""

    light = "light"
    dark = "dark"


class OrientationName(StrEnum):
    """How the networks of a figure stand."""

    columns = "columns"
    strips = "strips"


@app.command()
@takes_project(transfer=True)
def render(
    project: Project,
    out: Annotated[
        Path, typer.Option("-o", "--output", metavar="FIG", help="The .svg, .pdf or .png file to write.")
    ],
    theme: Annotated[ThemeName, typer.Option(help="Colours of the figure.")] = ThemeName.light,
    orientation: Annotated[
        OrientationName, typer.Option(help="Source left of the target, or above it as in the paper.")
    ] = OrientationName.columns,
    expand: Annotated[
        bool, typer.Option("--expand/--collapse", help="Draw the layers inside the blocks, or blocks alone.")
    ] = False,
    legend: Annotated[bool, typer.Option("--legend/--no-legend", help="Draw the legend.")] = True,
    title: Annotated[bool, typer.Option("--title/--no-title", help="Draw the networks' names.")] = True,
    scale: Annotated[float, typer.Option(help="Pixels a point, for .png.")] = 2.0,
    fold: Annotated[
        bool, typer.Option("--fold/--no-fold", help="Draw a run of equal blocks as one box.")
    ] = False,
    width: Annotated[
        float | None,
        typer.Option(metavar="MM", help="Width in millimetres, such as 84 for one column of a paper."),
    ] = None,
) -> None:
    """Draw the whole match as a figure, without a window."""
    from dpiat_gui.services.display import display_problem

    # No screen is needed to draw into a file, only what Qt itself is made of.
    problem = display_problem({"QT_QPA_PLATFORM": "offscreen"})
    if problem:
        raise DpiatError(problem)
    matching = match_project(project)
    from dpiat_gui.canvas.render import render_matching
    from dpiat_gui.services.palettes import DARK, LIGHT
    from dpiat_gui.transfer.coverage import coverage
    from dpiat_gui.transfer.planning import plan_transfer

    render_matching(
        matching,
        out,
        theme=DARK if theme is ThemeName.dark else LIGHT,
        coverage=coverage(plan_transfer(matching, project.transfer)),
        expanded=expand,
        scale=scale,
        legend=legend,
        title=title,
        orientation=orientation.value,
        fold_runs=fold,
        width_mm=width,
    )
    typer.echo(f"Written {out}")


@app.command()
@takes_project(transfer=True)
def report(
    project: Project,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="PAGE", help="The .html file to write.")],
    check: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What 'check --json FILE' wrote, to put it in.")
    ] = None,
    expand: Annotated[
        bool, typer.Option("--expand/--collapse", help="Draw the layers inside the blocks, or blocks alone.")
    ] = False,
) -> None:
    """Write one HTML page about the match and its transfer: figure, pairs, coverage, options."""
    from dpiat_gui.cli.reporting import report_project

    typer.echo(f"Written {report_project(project, out, check=check, expand=expand)}")
