"""What a transfer is asked for and what it answers, as plain values that cross a process border."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from dpiat_gui.errors import TransferError
from dpiat_gui.matching.values import MatchOptions, Overrides
from dpiat_gui.transfer.calibration import Calibration
from dpiat_gui.transfer.options import TransferOptions, Writing

if TYPE_CHECKING:
    from dpiat_gui.transfer.coverage import Coverage

MAX_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """A whole transfer, from two source references to a file.

    Parameters
    ----------
    source, target
        Source references of the network that gives weights and the one that takes them.
    output
        The file to write; ``.safetensors``, ``.pth`` or ``.pt`` decides the format.
    method
        Standardization.
    options, overrides
        Of the matching.
    transfer
        Options of the plan.
    device
        As `dpiat_gui.transfer.devices.resolve_device` takes it.
    seed
        Of the target's own initialisation, 0 to 2**63 - 1.
    trust
        Path of the record of trusted files; None for the default one.
    source_fingerprint, target_fingerprint
        What the networks were when they were matched; None for no check.
    max_shard_size
        Bytes of tensors in one file; more go into shards with an index. None for one file.
    max_device_memory
        Bytes that the transfer takes of the device's memory at most; None for what is usual.
    verify
        Whether the file is read back and held against the plan before it takes its place.
    manifest
        Whether a record of all that went into it is written beside it.
    ledger
        A .json or .csv file for the account of every element; None for none.

    Raises
    ------
    TransferError
        If a value has no meaning.
    """

    source: str
    target: str
    output: str
    method: str = "blocks"
    options: MatchOptions = field(default_factory=MatchOptions)
    overrides: Overrides = field(default_factory=Overrides)
    transfer: TransferOptions = field(default_factory=TransferOptions)
    device: str = "auto"
    seed: int = 0
    trust: str | None = None
    source_fingerprint: str | None = None
    target_fingerprint: str | None = None
    max_shard_size: int | None = None
    max_device_memory: int | None = None
    verify: bool = True
    manifest: bool = False
    ledger: str | None = None

    def __post_init__(self) -> None:
        Writing(self.max_shard_size, self.max_device_memory, self.manifest)
        if not 0 <= self.seed <= MAX_SEED:
            raise TransferError(
                f"The seed {self.seed} is out of range.", f"Choose a whole number from 0 to {MAX_SEED}."
            )

    def to_json(self) -> dict[str, Any]:
        """Return the request as plain JSON."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        plain["options"] = options_to_json(self.options)
        plain["overrides"] = overrides_to_json(self.overrides)
        plain["transfer"] = self.transfer.to_json()
        return plain

    @classmethod
    def from_json(cls, data: Any) -> "TransferRequest":
        """Read a request.

        Raises
        ------
        TransferError
            If a value is missing, unknown, or of the wrong type; the message names it.
        """
        record = _checked(
            data, {item.name: _type_name(item.type) for item in fields(cls)}, "transfer request"
        )
        try:
            if "options" in record:
                record["options"] = MatchOptions(**_checked(record["options"], _OPTIONS, "matching options"))
            if "overrides" in record:
                lists = _checked(record["overrides"], dict.fromkeys(_OVERRIDES, "list"), "overrides")
                record["overrides"] = Overrides(**lists)
            if "transfer" in record:
                record["transfer"] = TransferOptions.from_json(record["transfer"])
            return cls(**record)
        except (TypeError, ValueError) as error:
            raise _bad(str(error)) from error


@dataclass(frozen=True)
class TransferReport:
    """What a transfer did.

    Parameters
    ----------
    source, target
        Names of the two networks.
    coverage
        How much of the target comes from the source.
    plan_digest
        SHA-256 of the plan that was carried out; None where it was not asked for.
    device
        The device the elements were copied on; of the target's tensors, for a transfer in memory.
    seconds
        Time it took, networks read and matched included.
    path, bytes
        The file that was written, or the index of its shards, None for a transfer in memory; the
        size of all files of the checkpoint, or the bytes copied.
    seed
        Seed of the target's own initialisation, None where no seed plays a part.
    score
        Total score of the matching, None where it is not known.
    notes
        What a person should know besides, one sentence each.
    files
        Everything that was written, the ledger aside.
    verified_tensors, verified_bytes
        What was read back and found to be what the plan says; None where nobody looked.
    steps
        Tensors that each step of the recipe set or left, by its name.
    calibration
        What the statistics of batch norms were estimated on, None where they were not.
    """

    source: str
    target: str
    coverage: "Coverage"
    plan_digest: str | None
    device: str
    seconds: float
    path: str | None
    bytes: int
    seed: int | None = None
    score: float | None = None
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    verified_tensors: int | None = None
    verified_bytes: int | None = None
    steps: Mapping[str, int] = field(default_factory=dict)
    calibration: Calibration | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain JSON."""
        plain = {item.name: getattr(self, item.name) for item in fields(self)}
        plain["coverage"] = self.coverage.to_json()
        plain["notes"], plain["files"] = list(self.notes), list(self.files)
        plain["steps"] = dict(self.steps)
        plain["calibration"] = self.calibration.to_json() if self.calibration else None
        return plain


def options_to_json(options: MatchOptions) -> dict[str, Any]:
    """Return matching options as plain JSON."""
    return {item.name: getattr(options, item.name) for item in fields(options)}


def overrides_to_json(overrides: Overrides) -> dict[str, Any]:
    """Return overrides as plain JSON: pairs as two-element lists."""
    return {
        "pins": [list(pair) for pair in overrides.pins],
        "bans": [list(pair) for pair in overrides.bans],
        "fresh": list(overrides.fresh),
        "operators": [list(pair) for pair in overrides.operators],
    }


def _type_name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


_OPTIONS = {item.name: _type_name(item.type) for item in fields(MatchOptions)}
_OVERRIDES = ("pins", "bans", "fresh", "operators")
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "int | None": (int, type(None)),
    "float": (float, int),
    "bool": (bool,),
    "list": (list,),
}


def _checked(data: Any, types: Mapping[str, str], what: str) -> dict[str, Any]:
    """Return a copy of `data` once every key is known and every plain value of its type."""
    if not isinstance(data, Mapping):
        raise _bad(f"The {what} should be an object, not {type(data).__name__}.")
    for name, value in data.items():
        if name not in types:
            raise _bad(f"The {what} holds {name!r}, which is unknown here.")
        allowed = _PLAIN.get(types[name])
        if allowed and (not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed)):
            raise _bad(f"{name} of the {what} should be {types[name]}, not {value!r}.")
    return dict(data)


def _bad(message: str) -> TransferError:
    return TransferError(message, "Check the field that is named.")
