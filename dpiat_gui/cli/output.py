"""What the commands print: tables for people, JSON for machines, errors with their hints."""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from dpiat_gui.errors import DpiatError
from dpiat_gui.files import csv_name, write_whole
from dpiat_gui.matching.compare import Comparison
from dpiat_gui.matching.values import Matching, Similarity
from dpiat_gui.networks.values import Layer
from dpiat_gui.transfer.request import TransferReport, options_to_json, overrides_to_json
from dpiat_gui.transfer.values import Progress as Step

COLUMNS = ("source", "target", "kind", "source_shape", "target_shape", "score", "span", "state")
WEAK = 0.5
"""Pairs that score less are marked weak."""


def print_error(error: DpiatError) -> None:
    """Say what went wrong, and what to do next, on the error stream."""
    console = Console(stderr=True, highlight=False, emoji=False)
    console.print(f"[bold red]Error:[/] {escape(error.message)}", soft_wrap=True)
    if error.hint:
        console.print(escape(error.hint), soft_wrap=True)


def _plain_console() -> Console:
    """Return a console that prints names as they are: brackets and colons in them mean nothing."""
    return Console(highlight=False, markup=False, emoji=False)


def write_json(where: str, value: Any) -> None:
    """Write JSON to a file, or to standard output where `where` is ``-``."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    _write(where, text)


def _write(where: str, text: str) -> None:
    if where == "-":
        sys.stdout.write(text)
    else:
        with write_whole(where) as stream:
            stream.write(text.encode())


def similarity_to_json(similarity: Similarity) -> dict[str, float]:
    """Return a similarity as plain JSON."""
    return {
        "forward": similarity.forward,
        "backward": similarity.backward,
        "symmetric": similarity.symmetric,
    }


def comparison_to_json(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as plain JSON."""
    return {
        "both": len(comparison.both),
        "score_difference": comparison.score_difference,
        "changes": [
            {
                "target": change.target,
                "kind": change.kind,
                "before": change.before.source if change.before else None,
                "after": change.after.source if change.after else None,
            }
            for change in comparison.changes
        ],
    }


def print_comparison(comparison: Comparison, versus: str) -> None:
    """Print where a matching differs from the one it is compared with."""
    console = _plain_console()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("Target", f"Source by {versus}", "Source here", "Score"):
        table.add_column(name, overflow="fold", justify="right" if name == "Score" else "left")
    colors = {"added": "green", "removed": "red", "changed": "yellow"}
    for change in comparison.changes:
        before, after = change.before, change.after
        scores = f"{before.score if before else 0:.3f} → {after.score if after else 0:.3f}"
        table.add_row(
            change.target,
            before.source if before else "–",
            after.source if after else "–",
            scores,
            style=colors[change.kind],
        )
    if comparison.changes:
        console.print(table)
    console.print(
        f"{len(comparison.both)} pairs in both, {len(comparison.only_first)} only by {versus}, "
        f"{len(comparison.only_second)} only here; score {comparison.score_difference:+.4f}"
    )


def matching_to_json(matching: Matching, similarity: Similarity | None = None) -> dict[str, Any]:
    """Return a matching as plain JSON: networks, options, score and every pair."""
    return {
        "source": _network(matching, source=True),
        "target": _network(matching, source=False),
        "preset": matching.preset,
        "options": options_to_json(matching.options),
        "overrides": overrides_to_json(matching.overrides),
        "score": matching.score,
        "crossings": matching.crossings,
        "similarity": similarity_to_json(similarity) if similarity else None,
        "pairs": [
            {
                "source": pair.source,
                "target": pair.target,
                "score": pair.score,
                "span": pair.span,
                "pinned": pair.pinned,
            }
            for pair in matching.pairs
        ],
    }


def _network(matching: Matching, *, source: bool) -> dict[str, Any]:
    network = matching.source if source else matching.target
    entries = matching.source_entries if source else matching.target_entries
    return {
        "name": network.name,
        "reference": network.origin,
        "fingerprint": network.fingerprint,
        "parameters": network.parameters,
        "blocks": [
            block.path if block.single else [layer.path for layer in block.layers] for block in entries
        ],
    }


def write_csv(where: str, matching: Matching) -> None:
    """Write the pairs as CSV to a file, or to standard output where `where` is ``-``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for source, target, *rest in _rows(matching):
        writer.writerow((csv_name(source), csv_name(target), *rest))
    _write(where, text.getvalue())


def _rows(matching: Matching) -> Iterator[tuple[str, str, str, str, str, str, str, str]]:
    sources = {layer.path: layer for block in matching.source_entries for layer in block.layers}
    targets = {layer.path: layer for block in matching.target_entries for layer in block.layers}
    for pair in matching.pairs:
        source, target = sources[pair.source], targets[pair.target]
        state = "pinned" if pair.pinned else "weak" if pair.score < WEAK else "auto"
        yield (
            pair.source,
            pair.target,
            target.kind.value,
            _shape(source),
            _shape(target),
            f"{pair.score:.6g}",
            str(pair.span),
            state,
        )


def _shape(layer: Layer) -> str:
    return "x".join(map(str, layer.shape or ()))


def print_matching(matching: Matching, similarity: Similarity | None) -> None:
    """Print the pairs as a table, with the totals below."""
    console = _plain_console()
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("Source", "Target", "Kind"):
        table.add_column(name, overflow="fold")
    table.add_column("Shapes", overflow="fold")
    table.add_column("Score", justify="right")
    table.add_column("State")
    colors = {"pinned": "cyan", "weak": "yellow", "auto": ""}
    for source, target, kind, source_shape, target_shape, score, _, state in _rows(matching):
        shapes = source_shape if source_shape == target_shape else f"{source_shape} → {target_shape}"
        table.add_row(source, target, kind, shapes, f"{float(score):.3f}", state, style=colors[state])
    console.print(table)
    console.print(
        f"\n{matching.source.name} → {matching.target.name}: score {matching.score:.4f}, "
        f"{len(matching.pairs)} pairs, {len(matching.source_entries)} and "
        f"{len(matching.target_entries)} entries"
        + (f", {matching.crossings} crossings" if matching.crossings else ""),
        soft_wrap=True,
    )
    if similarity:
        console.print(similarity_text(similarity), soft_wrap=True)


def similarity_text(similarity: Similarity) -> str:
    """Return both directions and the symmetric similarity in one line."""
    return (
        f"similarity → {similarity.forward:.4f}   ← {similarity.backward:.4f}   "
        f"symmetric {similarity.symmetric:.4f}"
    )


def print_report(report: TransferReport) -> None:
    """Print what a transfer did."""
    console = Console(highlight=False, emoji=False)
    covered = report.coverage
    console.print(
        f"[bold green]Written[/] {escape(str(report.path))}  ({report.bytes / 1e6:.1f} MB)", soft_wrap=True
    )
    console.print(
        f"{escape(report.source)} → {escape(report.target)}: {covered.copied:,} of {covered.elements:,} "
        f"elements ({covered.fraction:.1%}) from the source, the rest {_rest(report)}",
        soft_wrap=True,
    )
    console.print(
        f"layers: {covered.exact_layers} exact, {covered.cropped_layers} cropped, "
        f"{covered.padded_layers} filled in part, {covered.fresh_layers} fresh"
    )
    if report.verified_tensors is not None:
        console.print(f"verified: {report.verified_tensors:,} tensors, {report.verified_bytes:,} bytes")
    for file in report.files:
        if file != report.path:
            console.print(f"with {escape(file)}", soft_wrap=True)
    if report.steps:
        counts = ", ".join(f"{name.replace('_', '-')} {count}" for name, count in report.steps.items())
        console.print(f"steps, in tensors: {counts}", soft_wrap=True)
    console.print(f"on {report.device} in {report.seconds:.1f} s")
    for note in report.notes:
        console.print(f"[yellow]Note:[/] {escape(note)}", soft_wrap=True)


def _rest(report: TransferReport) -> str:
    if report.seed is None:
        return "as the target's file has it"
    return f"initialised from seed {report.seed}"


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Callable[[Step], None]]:
    """Show a bar on the error stream while the block runs, where that is a terminal."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda step: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Starting", total=None)

        def show(step: Step) -> None:
            bar.update(task, description=step.text[-48:], total=step.total or None, completed=step.done)

        yield show
