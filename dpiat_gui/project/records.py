"""A project as a plain record, and back: every field is checked, no key is lost.

Keys that this version does not know are kept in `Project.extra` under the place they stood
at: ``""`` for the file itself, ``"source"``, ``"transfer"`` ... for a section, and the pin or
ban itself (see `pair_place`) for one override.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields
from typing import Any

from dpiat_gui.errors import MatchError, ProjectError, TransferError
from dpiat_gui.matching.values import PRESETS, MatchOptions, Overrides
from dpiat_gui.networks.standardize import METHODS
from dpiat_gui.project.migrations import VERSION, Record, migrate
from dpiat_gui.project.values import NetworkRecord, Project
from dpiat_gui.transfer.operators import OPERATORS
from dpiat_gui.transfer.options import CHOICES, OPTION_NAMES, TransferOptions, Writing

FORMAT = "dpiat-project"
"""What the field ``format`` says; by it a project is known from any other JSON."""

DEVICES = re.compile(r"auto|cpu|mps|(cuda|xpu)(:\d{1,4})?")
MAX_SEED = 2**63 - 1
MAX_DEPTH = 60
"""Nesting of a file; what this program writes needs 4, and the view a few more."""


WRITING = tuple(option.name for option in fields(Writing))
"""Fields that say how a checkpoint is written; files of older programs do without."""

DISABLED = "overrides.disabled"
"""Where the overrides that are switched off stand in the file."""


def pair_place(kind: str, source: str, target: str, place: str = "overrides") -> str:
    """Return the place in `Project.extra` of one pin or ban; `kind` is ``pins`` or ``bans``."""
    return f"{place}.{kind}\n{source}\n{target}"


def to_record(project: Project) -> Record:
    """Return the project as plain JSON values, in the order a person would read them."""
    extra = project.extra
    options = {option.name: getattr(project.options, option.name) for option in fields(MatchOptions)}
    return {
        "format": FORMAT,
        "version": VERSION,
        "source": _network_record(project.source, extra.get("source")),
        "target": _network_record(project.target, extra.get("target")),
        "standardization": _with({"method": project.method}, extra.get("standardization")),
        "matching": _with({"preset": project.preset, **options}, extra.get("matching")),
        "overrides": _with(
            {
                **override_records(project.overrides, "overrides", extra),
                "disabled": _with(override_records(project.disabled, DISABLED, extra), extra.get(DISABLED)),
            },
            extra.get("overrides"),
        ),
        "transfer": _with(
            {
                **project.transfer.to_json(),
                "seed": project.seed,
                "device": project.device,
                **{name: getattr(project.writing, name) for name in WRITING},
            },
            extra.get("transfer"),
        ),
        "view": dict(project.view),
        **{key: value for key, value in extra.get("", {}).items() if key not in KNOWN},
    }


KNOWN = frozenset(
    {"format", "version", "source", "target", "standardization", "matching", "overrides", "transfer", "view"}
)
"""Keys of the file itself that this version knows."""


def from_record(record: object) -> Project:
    """Return the project a record stands for.

    Parameters
    ----------
    record
        What a JSON file held; anything at all is looked at without harm.

    Raises
    ------
    ProjectError
        If it is no project, is of a newer version, or a field has no meaning; the hint names
        the field.
    """
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ProjectError(
            "The file is not a project of this program.",
            f'A project is a JSON object whose field format is "{FORMAT}".',
        )
    version = record.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise _bad("version", "a whole number from 1 on", version)
    check_depth(record)
    current = migrate(record)
    extra: dict[str, Mapping[str, Any]] = {}
    _keep(extra, "", current, KNOWN)
    standardization = _section(current, "standardization")
    _keep(extra, "standardization", standardization, {"method"})
    transfer = _section(current, "transfer")
    _keep(extra, "transfer", transfer, {*OPTION_NAMES, "seed", "device", *WRITING})
    preset, options = _matching(_section(current, "matching"), extra)
    overrides, disabled = _both_overrides(_section(current, "overrides"), extra)
    return Project(
        source=_network(current, "source", extra),
        target=_network(current, "target", extra),
        method=_choice(standardization, "standardization.method", METHODS, "blocks"),
        preset=preset,
        options=options,
        overrides=overrides,
        disabled=disabled,
        transfer=_transfer_options(transfer),
        seed=_integer(transfer, "transfer.seed", 0),
        device=_device(transfer),
        writing=_writing(transfer),
        view=_section(current, "view"),
        extra=extra,
    )


def _transfer_options(transfer: dict[str, Any]) -> TransferOptions:
    """Return the options, each of the type of its default; those left out have that."""
    named: dict[str, Any] = {}
    for name, default in TransferOptions().to_json().items():
        place = f"transfer.{name}"
        if isinstance(default, bool):
            named[name] = _flag(transfer, place, default)
        elif isinstance(default, int):
            named[name] = _integer(transfer, place, default)
        else:
            named[name] = _text(transfer, place, default)
    for name, choices in CHOICES.items():
        if named[name] not in choices:
            raise _bad(f"transfer.{name}", f"one of {', '.join(choices)}", named[name])
    return TransferOptions(**named)


# -- writing -----------------------------------------------------------------------------


def _with(known: Record, extra: Mapping[str, Any] | None) -> Record:
    """Return `known` with the keys kept from elsewhere behind it; known keys win."""
    return {**known, **{key: value for key, value in (extra or {}).items() if key not in known}}


def _network_record(network: NetworkRecord | None, extra: Mapping[str, Any] | None) -> Record | None:
    if network is None:
        return None
    known = {"reference": network.reference, "name": network.name, "fingerprint": network.fingerprint}
    return _with(known, extra)


def override_records(
    overrides: Overrides, place: str = "overrides", extra: Mapping[str, Mapping[str, Any]] | None = None
) -> Record:
    """Return overrides as plain lists.

    Parameters
    ----------
    overrides
        The overrides.
    place
        Where they stand in the file.
    extra
        Keys that are not known, by their place.
    """
    kept = extra or {}
    lists: Record = {
        kind: [
            _with({"source": source, "target": target}, kept.get(pair_place(kind, source, target, place)))
            for source, target in pairs
        ]
        for kind, pairs in (("pins", overrides.pins), ("bans", overrides.bans))
    }
    plain: Record = {**lists, "fresh": list(overrides.fresh)}
    if overrides.operators:
        plain["operators"] = [
            _with(
                {"target": target, "operator": operator},
                kept.get(pair_place("operators", target, operator, place)),
            )
            for target, operator in overrides.operators
        ]
    return plain


# -- reading -----------------------------------------------------------------------------


def _bad(name: str, wanted: str, found: object) -> ProjectError:
    shown = repr(found)
    if len(shown) > 60:
        shown = f"{shown[:57]}..."
    return ProjectError(
        f"The file has a field that makes no sense: {name}.", f"{name} must be {wanted}, not {shown}."
    )


def check_depth(record: object) -> None:
    """Refuse a record nested so deeply that writing it again could fail."""
    level: list[Any] = [record]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for value in level
            for item in (value.values() if isinstance(value, dict) else value)
            if isinstance(item, (dict, list))
        ]
        if not level:
            return
    raise ProjectError("The project is nested too deeply.", f"No project has more than {MAX_DEPTH} levels.")


def _keep(extra: dict[str, Mapping[str, Any]], place: str, section: Record, known: Any) -> None:
    unknown = {key: value for key, value in section.items() if key not in known}
    if unknown:
        extra[place] = unknown


def _section(record: Record, name: str) -> Record:
    value = record.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _bad(name, "an object", value)
    return value


def _field(section: Record, name: str, default: object) -> object:
    return section.get(name.rpartition(".")[2], default)


def _text(section: Record, name: str, default: str | None = None) -> str:
    value = _field(section, name, default)
    if not isinstance(value, str) or (not value and default != ""):
        raise _bad(name, "a text" if default == "" else "a text that is not empty", value)
    return value


def _choice(section: Record, name: str, choices: Any, default: str) -> str:
    value = _text(section, name, default)
    if value not in choices:
        raise _bad(name, f"one of {', '.join(choices)}", value)
    return value


def _flag(section: Record, name: str, default: bool) -> bool:
    value = _field(section, name, default)
    if not isinstance(value, bool):
        raise _bad(name, "true or false", value)
    return value


def _integer(section: Record, name: str, default: int) -> int:
    value = _field(section, name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SEED:
        raise _bad(name, f"a whole number from 0 to {MAX_SEED}", value)
    return value


def _number(section: Record, name: str, default: float) -> float:
    value = _field(section, name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _bad(name, "a number", value)
    try:
        return float(value)
    except OverflowError as error:
        raise _bad(name, "a number", "one that large") from error


def _device(section: Record) -> str:
    value = _text(section, "transfer.device", "auto")
    if not DEVICES.fullmatch(value):
        raise _bad("transfer.device", "auto, cpu, cuda, cuda:N, mps, xpu or xpu:N", value)
    return value


def _writing(section: Record) -> Writing:
    sizes: dict[str, int | None] = {}
    for name in ("max_shard_size", "max_device_memory"):
        empty = section.get(name) is None
        sizes[name] = None if empty else _integer(section, f"transfer.{name}", 0)
    try:
        return Writing(**sizes, manifest=_flag(section, "transfer.manifest", False))
    except TransferError as error:
        raise ProjectError(
            f"The project asks for a checkpoint that cannot be written. {error.message}",
            f"{error.hint} See the section transfer.",
        ) from error


def _network(record: Record, side: str, extra: dict[str, Mapping[str, Any]]) -> NetworkRecord | None:
    if record.get(side) is None:
        return None
    section = _section(record, side)
    _keep(extra, side, section, {"reference", "name", "fingerprint"})
    return NetworkRecord(
        _text(section, f"{side}.reference"),
        _text(section, f"{side}.name", ""),
        _text(section, f"{side}.fingerprint", ""),
    )


def _matching(section: Record, extra: dict[str, Mapping[str, Any]]) -> tuple[str, MatchOptions]:
    preset = _choice(section, "matching.preset", PRESETS, "recommended")
    defaults = MatchOptions(**PRESETS[preset])
    readers = {str: _text, bool: _flag, int: _integer, float: _number}
    values: dict[str, Any] = {}
    for option in fields(MatchOptions):
        default = getattr(defaults, option.name)
        reader: Any = readers[type(default)]
        values[option.name] = reader(section, f"matching.{option.name}", default)
    _keep(extra, "matching", section, {"preset", *values})
    try:
        return preset, MatchOptions(**values)
    except MatchError as error:
        raise ProjectError(
            f"The project asks for a matching that makes no sense. {error.message}",
            f"{error.hint} See the section matching.".strip(),
        ) from error


def _both_overrides(section: Record, extra: dict[str, Mapping[str, Any]]) -> tuple[Overrides, Overrides]:
    """Return the overrides that count and those that are switched off; none is both."""
    own = section.get("disabled")
    if own is not None and not isinstance(own, dict):
        raise _bad(DISABLED, "an object", own)
    overrides = read_overrides(section, extra, known={"disabled"})
    off = read_overrides(own or {}, extra, DISABLED)
    disabled = Overrides(
        tuple(pair for pair in off.pins if pair not in overrides.pins),
        tuple(pair for pair in off.bans if pair not in overrides.bans),
        tuple(path for path in off.fresh if path not in overrides.fresh),
        off.operators,
    )
    return overrides, disabled


def read_overrides(
    section: Record,
    extra: dict[str, Mapping[str, Any]],
    place: str = "overrides",
    known: AbstractSet[str] = frozenset(),
) -> Overrides:
    """Return the overrides of a plain record.

    Parameters
    ----------
    section
        Lists under ``pins``, ``bans``, ``fresh`` and ``operators``, any of which may be missing.
    extra
        Where keys that are not known are put, by their place.
    place
        Where the section stands in its file, for errors.
    known
        Further keys that mean something there.

    Raises
    ------
    ProjectError
        If a field has no meaning; the hint names it.
    """
    _keep(extra, place, section, {"pins", "bans", "fresh", "operators", *known})
    fresh = section.get("fresh", [])
    if not isinstance(fresh, list) or not all(isinstance(path, str) and path for path in fresh):
        raise _bad(f"{place}.fresh", "a list of target paths", fresh)
    pins = _pairs(section, "pins", extra, place)
    operators = _operators(section, extra, place)
    return Overrides(pins, _pairs(section, "bans", extra, place), tuple(fresh), operators)


def _operators(
    section: Record, extra: dict[str, Mapping[str, Any]], place: str
) -> tuple[tuple[str, str], ...]:
    """Return the operators of single targets, (target, operator)."""
    rows = section.get("operators", [])
    if not isinstance(rows, list):
        raise _bad(f"{place}.operators", "a list of targets and operators", rows)
    found = []
    for position, row in enumerate(rows):
        name = f"{place}.operators[{position}]"
        if not isinstance(row, dict):
            raise _bad(name, "an object with target and operator", row)
        target, operator = _text(row, f"{name}.target"), _text(row, f"{name}.operator")
        if operator not in OPERATORS:
            raise _bad(f"{name}.operator", f"one of {', '.join(OPERATORS)}", operator)
        _keep(extra, pair_place("operators", target, operator, place), row, {"target", "operator"})
        found.append((target, operator))
    return tuple(found)


def _pairs(
    section: Record, kind: str, extra: dict[str, Mapping[str, Any]], place: str
) -> tuple[tuple[str, str], ...]:
    rows = section.get(kind, [])
    if not isinstance(rows, list):
        raise _bad(f"{place}.{kind}", "a list of pairs", rows)
    pairs = []
    for position, row in enumerate(rows):
        name = f"{place}.{kind}[{position}]"
        if not isinstance(row, dict):
            raise _bad(name, "an object with source and target", row)
        source, target = _text(row, f"{name}.source"), _text(row, f"{name}.target")
        _keep(extra, pair_place(kind, source, target, place), row, {"source", "target"})
        pairs.append((source, target))
    return tuple(pairs)
