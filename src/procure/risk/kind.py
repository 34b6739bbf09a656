"""What is asked of a risk measure: its worst law and, if a linear program can minimise it, its rows.

A measure is the mean loss under the worst law of a ball around the given one,

    ρ(L) = max { Σ_s q_s L_s :  q in a ball around π },

and so coherent (Artzner, Delbaen, Eber & Heath (1999), Mathematical Finance 9(3), 203-228): adding a sure loss adds it,
scaling scales it, a larger loss is never better, pooling never hurts. A new one is a class in a file of its own, beside a
function of its name; nothing else names it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from procure.errors import DataError, Fault, nearest
from procure.languages import COMMA, Said
from procure.risk.law import check_law
from procure.units import Array, Index

#: Every measure by its name.
_KINDS: dict[str, type[RiskMeasure]] = {}


class RiskMeasure(ABC):
    """The mean loss under the worst law of a ball; what the ball depends on are the fields of the class."""

    name: ClassVar[str]
    #: Whether losses count by their law alone, so that equal outcomes may be pooled and impossible ones left out.
    law_invariant: ClassVar[bool] = True

    def __init_subclass__(cls, **named: Any) -> None:
        """Make the measure known by its name."""
        super().__init_subclass__(**named)
        if "name" in vars(cls):
            _KINDS[cls.name] = cls

    @abstractmethod
    def law(self, loss: Array, probability: Array) -> Array:
        """The worst law, shape (n_scenarios,), for losses and probabilities that are checked."""

    def worst_law(self, loss: ArrayLike, probability: ArrayLike) -> Array:
        """The law of the ball under which the mean loss is largest, shape (n_scenarios,), summing to one.

        Parameters
        ----------
        loss : array, shape (n_scenarios,)
            Loss per scenario, any unit; larger is worse. [L_s]
        probability : array, shape (n_scenarios,)
            Summing to one. [π_s]
        """
        return self.law(*check_law(loss, probability))

    def value(self, loss: ArrayLike, probability: ArrayLike) -> float:
        """The mean loss under the worst law, in the unit of `loss`.

        Parameters
        ----------
        loss : array, shape (n_scenarios,)
            Loss per scenario, any unit; larger is worse. [L_s]
        probability : array, shape (n_scenarios,)
            Summing to one. [π_s]
        """
        checked_loss, checked_probability = check_law(loss, probability)
        law = self.law(checked_loss, checked_probability)
        # Rounding must not take a mean above the largest of its terms.
        return min(float(law @ checked_loss), float(checked_loss.max()))


class PathsOfModel(Protocol):
    """The futures of a model, as a ball around their law looks at them."""

    @property
    def outcomes(self) -> Index:
        """What each thing that can fail does along each path, as numbers, shape (n_paths, n_suppliers)."""

    @property
    def distance(self) -> Array:
        """How far the paths are apart, shape (n_paths, n_paths): suppliers lost, in the mean of the periods."""


class LinearMeasure(RiskMeasure):
    """A measure whose worst mean has a linear dual, so that a linear program can minimise it."""

    @abstractmethod
    def rows(self, probability: Array) -> Rows:
        """The measure as part of a linear program, for outcomes of these probabilities (summing to one)."""


class Ball(LinearMeasure):
    """A measure that a model may ask for by name: the worst mean where its odds are in doubt, as far as a radius says.

    A radius of 0 is the law as it is given. `most` is the largest that makes sense, where it does not hang on the model; `says`
    what a radius means, `may` what the probability may do at one that stands for `{radius}`.
    """

    most: ClassVar[float] = np.inf
    says: ClassVar[Said]
    may: ClassVar[Said]
    counts_percent: ClassVar[bool] = False  # whether a radius is a share, shown in per cent
    by_history: ClassVar[bool] = False  # whether it tells apart what each supplier does along a whole path

    @classmethod
    @abstractmethod
    def around(cls, paths: PathsOfModel, radius: float) -> Self:
        """The ball of a radius around the law of the paths of a model."""

    @classmethod
    def in_words(cls, radius: float) -> Said:
        """What the probability may do at a radius."""
        return cls.may.format(radius=f"{100 * radius:.3g} %" if cls.counts_percent else f"{radius:.3g}")


def balls() -> dict[str, type[Ball]]:
    """Every doubt about the odds by the name that a model file gives it."""
    return {name: kind for name, kind in _KINDS.items() if issubclass(kind, Ball)}


@dataclass(frozen=True)
class Rows:
    """A measure as part of a linear program in which the losses L are variables.

    Vars   z >= lower                                                 as many as `cost` has entries

      ρ(L) = min  mean·L + cost·z   s.t.  matrix z - losses L >= 0
    """

    mean: Array  # (n_scenarios,)
    cost: Array  # (n_columns,)
    lower: Array  # (n_columns,), -inf where free
    matrix: sparse.csr_matrix  # (n_rows, n_columns)
    losses: sparse.csr_matrix  # (n_rows, n_scenarios)

    @staticmethod
    def of_mean(probability: Array) -> Rows:
        """No rows: the mean loss alone."""
        nothing, n = np.zeros(0), len(probability)
        return Rows(probability, nothing, nothing, sparse.csr_matrix((0, 0)), sparse.csr_matrix((0, n)))


def worst_law(name: str, loss: ArrayLike, probability: ArrayLike, *arguments: Any, **named: Any) -> Array:
    """The law at which a measure attains its value, shape (n_scenarios,), summing to one.

    Parameters
    ----------
    name : str
        A measure of `procure.risk`: ``"cvar"``, ``"total_variation"``, ...
    loss : array, shape (n_scenarios,)
        Loss per scenario, any unit; larger is worse. [L_s]
    probability : array, shape (n_scenarios,)
        Summing to one. [π_s]
    *arguments, **named
        What the measure takes besides: ``alpha=0.9``, ``radius=0.1``, ``distance=...``.

    Returns
    -------
    array, shape (n_scenarios,)
        q in the ball around π with Σ_s q_s L_s = ρ(L). Where several attain it, one of them.

    Raises
    ------
    DataError
        For a name that is no measure, and for whatever the measure does not take.

    >>> worst_law("total_variation", [0, 30, 70], [0.5, 0.4, 0.1], radius=0.1).round(3).tolist()
    [0.4, 0.4, 0.2]
    """
    if name not in _KINDS:
        where, rule = Said("risk measure", "リスク尺度"), Said("it is the name of a measure", "尺度の名前")
        raise DataError(Fault(where, repr(name), rule, nearest(str(name), _KINDS)))
    return _KINDS[name](*arguments, **named).worst_law(loss, probability)


def linear_measure(risk: object) -> LinearMeasure:
    """The measure, if a linear program can minimise it; `DataError` by name if not."""
    if isinstance(risk, LinearMeasure):
        return risk
    linear = COMMA.join(sorted(kind.__name__ for kind in _KINDS.values() if issubclass(kind, LinearMeasure)))
    remedy = Said("use one of {linear}", "次のいずれかを使う: {linear}").format(linear=linear)
    if isinstance(risk, RiskMeasure):
        seen = Said("'{name}' is not linear", "'{name}' は線形ではない").format(name=risk.name)
        rule = Said(
            "a linear program minimises a measure whose worst mean has a linear dual",
            "線形計画で最小化できるのは、最悪の平均に線形の双対がある尺度",
        )
        raise DataError(Fault("risk", seen, rule, remedy))
    rule = Said(
        "it is a measure of procure.risk, such as TotalVariation(radius=0.1)",
        "procure.risk の尺度、例えば TotalVariation(radius=0.1)",
    )
    raise DataError(Fault("risk", repr(risk)[:60], rule, remedy))
