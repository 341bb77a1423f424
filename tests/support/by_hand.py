"""A plan carried out by NumPy alone, knowing nothing of the program but the plan's JSON."""

import numpy as np


def by_hand(plan, source, target):
    """Apply a plan, as JSON, to arrays by their keys; the target's are changed and returned."""

    def indices(row, side):
        boxes = row[f"{side}_slices"]
        picks = row.get(f"{side}_picks") or [None] * len(boxes)
        return np.ix_(*(range(*box) if one is None else one for box, one in zip(boxes, picks, strict=True)))

    for row in plan["rows"]:
        if "constant" in row:
            target[row["target"]][...] = row["constant"]
        elif "source" in row:
            part = source[row["source"]][indices(row, "source")]
            if "scale" in row:
                part = part.astype(np.float32) * np.float32(row["scale"])
            target[row["target"]][indices(row, "target")] = part
    return target
