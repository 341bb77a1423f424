"""From a request to its plan: both networks read, matched and planned."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dpiat_gui.errors import TransferError
from dpiat_gui.file_sets import FileSet, write_set
from dpiat_gui.matching.engine import match_networks
from dpiat_gui.matching.methods import METHODS
from dpiat_gui.matching.values import Matching
from dpiat_gui.networks.references import SourceReference, parse_reference
from dpiat_gui.networks.source_files import files_of
from dpiat_gui.transfer.export import check_output, check_unused
from dpiat_gui.transfer.ledger import Ledger, ledger
from dpiat_gui.transfer.manifest import manifest_bytes
from dpiat_gui.transfer.memory import require_something
from dpiat_gui.transfer.plan_json import plan_to_json
from dpiat_gui.transfer.planning import plan_transfer, resolve_plan
from dpiat_gui.transfer.progress import Meter
from dpiat_gui.transfer.request import TransferRequest
from dpiat_gui.transfer.snippet import make_snippet
from dpiat_gui.transfer.structure_flows import flows_of_references
from dpiat_gui.transfer.values import TransferPlan
from dpiat_gui.transfer.weights import asking, open_source

if TYPE_CHECKING:
    from dpiat_gui.networks.factories import TrustStore
    from dpiat_gui.networks.values import Network

PLAN_SUFFIXES = (".json", ".csv", ".py")
"""What a plan is exported as: itself, its ledger, or a script that repeats it."""


@dataclass(frozen=True)
class ExportedPlan:
    """A plan that was exported.

    Parameters
    ----------
    files
        What was written.
    plan
        The plan.
    ledger
        Its account of every element.
    """

    files: tuple[Path, ...]
    plan: TransferPlan
    ledger: Ledger


def match_request(
    request: TransferRequest, source: SourceReference, target: SourceReference, trust: "TrustStore | None"
) -> Matching:
    """Read both networks, check that they are the ones asked for, and match them.

    Raises
    ------
    SourceError, MatchError
        If they cannot be opened or matched.
    TransferError
        If one has changed since it was matched.
    """
    from dpiat_gui.networks.sources import load_network

    branches = METHODS[request.options.method].branches
    networks: list[Network] = []
    for reference, expected in ((source, request.source_fingerprint), (target, request.target_fingerprint)):
        network = load_network(reference, request.method, trust=trust, branches=branches)
        if expected is not None and network.fingerprint != expected:
            raise TransferError(
                f"{reference.text} has changed since it was matched.",
                "Open it again and look at the matching before you transfer.",
            )
        networks.append(network)
    return match_networks(networks[0], networks[1], request.options, request.overrides)


def trust_store(request: TransferRequest) -> "TrustStore | None":
    """Return the record of trusted files that a request names; None for the default one."""
    if request.trust is None:
        return None
    from dpiat_gui.networks.factories import TrustStore

    return TrustStore(Path(request.trust))


def export_plan(request: TransferRequest, path: Path, meter: Meter) -> ExportedPlan:
    """Write what a transfer would do, without doing it.

    Parameters
    ----------
    request
        The transfer; where its operator goes by the source's weights, they are read.
    path
        ``.json`` for the plan, ``.csv`` for its ledger, ``.py`` for a script that repeats it, with
        the plan beside it.
    meter
        Asked whether to go on.

    Raises
    ------
    SourceError, MatchError, TransferError
        As `match_request`, and if nothing would be transferred.
    ExportError
        If it cannot be written, or would take the place of a file that is read.
    """
    source, target = parse_reference(request.source), parse_reference(request.target)
    in_use = [*files_of(source), *files_of(target)]
    path = check_output(path, in_use=in_use, suffixes=PLAN_SUFFIXES)
    check_unused([_plan_beside(path)], in_use)
    trust = trust_store(request)
    meter.stage("Reading the networks")
    matching = match_request(request, source, target, trust)
    flows = flows_of_references(matching, request.transfer, (source, target), trust)
    plan = plan_transfer(matching, request.transfer, seed=request.seed, flows=flows)
    require_something(plan, matching)
    if plan.provisional:
        meter.stage("Reading the weights")
        with open_source(source, seed=request.seed, trust=trust) as read:
            plan = resolve_plan(plan, matching, asking(read, meter.check), seed=request.seed, flows=flows)
    found = ledger(plan, matching.target)
    contents = _contents(request, plan, found, path)
    meter.step(0, len(contents), path.name)
    with write_set(path) as files:
        for name, content in contents.items():
            _put(files, name, content)
    meter.finish(path.name)
    return ExportedPlan(tuple(contents), plan, found)


def _contents(
    request: TransferRequest, plan: TransferPlan, found: Ledger, path: Path
) -> Mapping[Path, bytes]:
    """Return the files to write."""
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return {path: found.to_csv().encode()}
    told = manifest_bytes(plan_to_json(plan))
    if suffix == ".json":
        return {path: told}
    beside = _plan_beside(path)
    script = make_snippet(
        request.source,
        request.target,
        seed=request.seed,
        plan=beside.name,
        output=request.output,
        calibrated=bool(request.transfer.calibrate),
    )
    return {path: script.encode(), beside: told}


def _plan_beside(path: Path) -> Path:
    """Return where a script's plan goes."""
    return path.with_suffix(".plan.json")


def _put(files: FileSet, path: Path, content: bytes) -> None:
    with files.file(path) as stream:
        stream.write(content)
