"""Losses and their probabilities: checked, and probability taken from the first outcomes on."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.units import Array, Index
from procure.words import RESCALE_OFTEN

SUM_TOLERANCE = 1e-8
"""How far probabilities may be from summing to one; rounding below it is rescaled away."""
SHAPE_IS = Said("shape {shape}", "形は {shape}")


def check_law(loss: ArrayLike, probability: ArrayLike) -> tuple[Array, Array]:
    """Losses and probabilities as arrays of one length, the probabilities rescaled to sum to one exactly."""
    faults: list[Fault] = []
    arrays: list[Array] = []
    for where, values in (("loss", loss), ("probability", probability)):
        try:
            array = np.asarray(values, dtype=float)
        except (TypeError, ValueError):
            faults.append(Fault(where, repr(values)[:60], Said("it is an array of numbers", "数値の配列であること")))
            continue
        if array.ndim != 1 or not len(array):
            rule = Said(
                "it is a list with one number per outcome, at least one", "結果ごとに数値一つのリストで、空でない"
            )
            faults.append(Fault(where, SHAPE_IS.format(shape=array.shape), rule))
            continue
        arrays.append(array)
    if faults:
        raise DataError(faults)
    losses, law = arrays
    if len(losses) != len(law):
        seen = Said("{losses} losses and {law} probabilities", "損失 {losses} 個に確率 {law} 個")
        rule = Said("each loss has its probability", "損失ごとに確率がある")
        faults.append(Fault("probability", seen.format(losses=len(losses), law=len(law)), rule))
    if not np.isfinite(losses).all():
        at = int(np.flatnonzero(~np.isfinite(losses))[0])
        faults.append(Fault(f"loss[{at}]", f"{losses[at]}", Said("losses are finite numbers", "損失は有限の数値")))
    faults += probability_faults(law)
    if faults:
        raise DataError(faults)
    return losses, law / law.sum()


def probability_faults(probability: Array, where: str = "probability") -> list[Fault]:
    """What is wrong with an array of probabilities; nothing when it is a law."""
    if not np.isfinite(probability).all():
        at = int(np.flatnonzero(~np.isfinite(probability))[0])
        rule, remedy = Said("probabilities are numbers", "確率は数値"), Said("fill it in", "値を書く")
        return [Fault(f"{where}[{at}]", f"{probability[at]}", rule, remedy)]
    faults = []
    if (probability < 0).any():
        at = int(np.argmin(probability))
        rule, remedy = Said("probabilities are >= 0", "確率は 0 以上"), Said("check the sign", "符号を確かめる")
        faults.append(Fault(f"{where}[{at}]", f"{probability[at]:g}", rule, remedy))
    total = float(probability.sum())
    if abs(total - 1.0) > SUM_TOLERANCE:
        seen = Said("sums to {total:.10g}", "合計は {total:.10g}").format(total=total)
        faults.append(Fault(where, seen, Said("probabilities sum to 1", "確率の合計は 1"), RESCALE_OFTEN))
    return faults


def check_number(value: float, where: str, rule: str, below: float = np.inf) -> float:
    """A number in [0, below), or infinity where nothing bounds it."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise DataError(Fault(where, repr(value), rule)) from None
    if not (0.0 <= number < below or number == below == np.inf):
        raise DataError(Fault(where, f"{number:g}", rule))
    return number


def check_radius(radius: float) -> float:
    """The radius of a ball: a number >= 0, which may be infinite."""
    return check_number(radius, "radius", Said("a radius is a number >= 0", "半径は 0 以上の数値"))


def check_outcomes(outcomes: ArrayLike) -> Index:
    """Which outcome each supplier has in each scenario, as numbers from 0 on, shape (n_scenarios, n_suppliers).

    Rows are scenarios, columns suppliers; entries may be states by number or by name.
    """
    array = np.asarray(outcomes)
    if array.ndim != 2 or not array.size:
        rule = Said(
            "it has a row for each scenario and a column for each supplier", "シナリオごとに一行、供給元ごとに一列"
        )
        remedy = Said("write a list of lists", "リストのリストで書く")
        raise DataError(Fault("outcomes", SHAPE_IS.format(shape=array.shape), rule, remedy))
    codes = [np.unique(column, return_inverse=True)[1].reshape(-1) for column in array.T]
    return np.asarray(np.column_stack(codes), dtype=np.int64)


def take(available: Array, amount: float) -> Array:
    """What is taken of each where `amount` is taken from the first, then the second, ... until nothing is left to take."""
    before = np.concatenate([[0.0], np.cumsum(available)[:-1]]) if len(available) else available
    return np.clip(amount - before, 0.0, available)
