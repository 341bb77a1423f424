"""The devices a transfer can run on, by the names a person uses."""

from dpiat_gui.errors import TransferError

FORMS = "auto, cpu, cuda, cuda:N, mps, xpu and xpu:N"


def available_devices() -> tuple[str, ...]:
    """Return the devices of this machine, the fastest kind first, the CPU last."""
    import torch

    found = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        found.append("mps")
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        found += [f"xpu:{number}" for number in range(torch.xpu.device_count())]
    return (*found, "cpu")


def resolve_device(name: str) -> str:
    """Return the device that `name` stands for here: ``cpu``, ``cuda:N``, ``mps`` or ``xpu:N``.

    Parameters
    ----------
    name
        ``auto`` for the first of `available_devices` that works, ``cpu``, ``cuda`` (its first),
        ``cuda:N``, ``mps``, ``xpu`` or ``xpu:N``.

    Raises
    ------
    TransferError
        If the name has no meaning, or there is no such device here, or it does not work; the
        hint lists those there are.
    """
    available = available_devices()
    if name == "auto":
        return next(device for device in available if _complaint(device) is None)
    wanted = f"{name}:0" if name in ("cuda", "xpu") else name
    hint = f"Choose one of: auto, {', '.join(available)}."
    if wanted not in available:
        family, _, number = wanted.partition(":")
        if wanted == "mps" or (family in ("cuda", "xpu") and number.isdecimal()):
            raise TransferError(f"There is no device {name} on this machine.", hint)
        raise TransferError(f"{name!r} is no device; known are {FORMS}.", hint)
    complaint = _complaint(wanted)
    if complaint is not None:
        raise TransferError(f"The device {name} does not work: {complaint}.", hint)
    return wanted


def _complaint(device: str) -> str | None:
    """Return why the device refuses the smallest piece of work, None if it does not.

    A driver may list a card that this build of torch has no code for, or that another
    program has filled.
    """
    import torch

    if device == "cpu":
        return None
    try:
        torch.zeros(1, dtype=torch.uint8, device=device).add_(1).cpu()
    except RuntimeError as error:
        return str(error).partition("\n")[0].rstrip(". ")
    return None
