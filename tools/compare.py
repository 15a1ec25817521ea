"""Compare the named results of two runs of an experiment, within the tolerances that the experiment states."""

from dataclasses import dataclass

import numpy as np

Outputs = list[tuple[dict, dict]]


@dataclass(frozen=True)
class Move:
    """How far one result moved: distance and tolerance are in the same measure."""

    name: str
    distance: float
    tolerance: float
    what: str

    @property
    def beyond(self) -> bool:
        """Whether it moved further than its tolerance."""
        return not self.distance <= self.tolerance  # NaN counts as beyond

    def __str__(self) -> str:
        """Say it in a line."""
        verdict = "BEYOND" if self.beyond else "within"
        return f"{self.name}: {self.what}, moved {self.distance:.3g}, {verdict} {self.tolerance:.3g}"


def moved(frozen: Outputs, fresh: Outputs) -> list[Move]:
    """List the results that differ between a frozen run and a fresh one, by name.

    A value is compared in its own unit; a table's numbers as shares of themselves or, next to zero, of a tenth of their
    column's largest; a figure's lines as shares of its axis, averaged over a line. A result that only one run has
    counts as beyond any tolerance.
    """
    old, new = ({result["name"]: result for result, _ in outputs} for outputs in (frozen, fresh))
    moves = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            moves.append(
                Move(name, float("inf"), 0, "only in the frozen run" if name in old else "only in the new run")
            )
            continue
        move = MEASURES[old[name]["kind"]](old[name], new[name])
        if move.distance != 0:
            moves.append(move)
    return moves


def _value(old: dict, new: dict) -> Move:
    distance = abs(new["value"] - old["value"])
    return Move(old["name"], distance, old["tolerance"], f"{old['value']:.4g} became {new['value']:.4g}")


def _table(old: dict, new: dict) -> Move:
    before, after = (np.array(result["numbers"], dtype="float64") for result in (old, new))
    if before.shape != after.shape:
        return Move(old["name"], float("inf"), old["tolerance"], "the table has another shape")
    # Next to zero one case more would be any multiple, so a tenth of the column's largest is the least scale
    largest = np.abs(before).max(axis=0, initial=0, keepdims=True) if before.ndim == 2 else np.abs(before)
    scale = np.maximum(np.abs(before), np.maximum(largest / 10, 1e-9))
    distance = float(np.max(np.abs(after - before) / scale, initial=0))
    return Move(old["name"], distance, old["tolerance"], "largest change in the table, as a share")


def _figure(old: dict, new: dict) -> Move:
    before, after = old["lines"], new["lines"]
    if [len(line["y"]) for line in before] != [len(line["y"]) for line in after]:
        return Move(old["name"], float("inf"), old["tolerance"], "the figure has other lines")
    shares = [0.0]
    for line, other in zip(before, after, strict=True):
        left, right, low, high = line["span"]
        shares.append(float(np.mean(np.abs(np.subtract(other["y"], line["y"])))) / (high - low))
        shares.append(float(np.mean(np.abs(np.subtract(other["x"], line["x"])))) / (right - left))
    return Move(old["name"], float(np.max(np.abs(shares))), old["tolerance"], "largest mean move of a line")


MEASURES = {"value": _value, "table": _table, "figure": _figure}
