"""Numbers as the window writes them."""

import math


def big(number: int) -> str:
    """Return a count with three digits at most: ``4.8 M``, ``512 k``, ``87``."""
    for divisor, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= divisor:
            value = number / divisor
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"
    return str(number)


def bytes_text(number: int) -> str:
    """Return a number of bytes: ``14.2 MB``."""
    for divisor, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if number >= divisor:
            value = number / divisor
            return f"{value:.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"
    return f"{number} B"


def percent(fraction: float) -> str:
    """Return a share in per cent; never 100 % unless all of it, never 0 % unless none."""
    if 0.99 < fraction < 1 or 0 < fraction < 0.01:
        return (
            f"{math.floor(1000 * fraction) / 10 if fraction > 0.5 else math.ceil(1000 * fraction) / 10:.1f} %"
        )
    return f"{fraction:.0%}".replace("%", " %")


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: ``1 tensor``, ``3 tensors``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def shortened(text: str, most: int = 60) -> str:
    """Return the text with its middle left out where it is longer than `most` characters."""
    if len(text) <= most:
        return text
    keep = (most - 1) // 2
    return f"{text[:keep]}…{text[-keep:]}"


def cost(difference: float) -> str:
    """Return a change in the total score: ``−0.120``, ``+1.003``, ``±0`` where it does not show."""
    if abs(difference) < 0.0005:
        return "±0"
    return f"{difference:+.3f}".replace("-", "−")
