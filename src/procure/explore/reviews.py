"""What each review of a plan is worth: what the same model costs without it, over the same futures and on fresh paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pandas import DataFrame

from procure.errors import NO_ONE, DataError, Fault
from procure.languages import Said
from procure.model import Model, ModelOrName, as_model
from procure.model.choices import ReviewChoices
from procure.portfolio.evaluate import compare
from procure.portfolio.verdict import PATHS, SEED
from procure.solving.solve import solve
from procure.words import Progress, Shown, listed, programme_name

#: How reviews are called.
ALL_REVIEWS, OF_YEAR = Said("all reviews", "すべての見直し"), Said("{year} of {sees}", "{year}年（{sees}）")
_ADD = Said("add [[reviews]] with a year and what it sees", "年と見るものを指定して [[reviews]] を加える")
_WORTH = Said("a review is worth something", "価値を調べるのは見直し")

COLUMNS = ("without", "programmes", "tree_musd", "worth_musd", "fresh_worth_musd", "standard_error_musd", "verdict")


@dataclass(frozen=True, eq=False)
class Reviews(Shown):
    """What the reviews of a model are worth, million USD of present value, weighed.

    Attributes
    ----------
    name : str
        Of the model.
    cost_musd : float
        With all its reviews, over its tree.
    n_paths : int
        Fresh paths behind the comparison.
    worth : DataFrame
        A row for each review that is left out, and one for all of them. `worth_musd` is by how much the best answer is dearer
        without it, over the same tree: never below zero. `fresh_worth_musd` is the same on fresh paths, with `standard_error_musd`;
        `verdict` is worth it, costs more, or tie, where the interval holds zero.
    """

    name: str
    cost_musd: float
    n_paths: int
    worth: DataFrame = field(repr=False)


def reviews(model: ModelOrName, paths: int = PATHS, *, progress: Progress | None = None) -> Reviews:
    """What each review of a model is worth, and all of them together.

    Parameters
    ----------
    model : Model, str or Path
        With reviews.
    paths : int
        Fresh paths on which the plans are compared.
    progress : callable, optional
        Called with (done, total, what) as the model is solved again and again.

    Returns
    -------
    Reviews

    Raises
    ------
    DataError
        Where the model has no review, or its plans cannot be played on fresh paths.
    Infeasible, SolverError
        As `procure.solve`.
    """
    model = as_model(model)
    all_of_them = model.settings.revisions
    if not all_of_them:
        raise DataError(Fault(f"{model.origin}, reviews", NO_ONE, _WORTH, _ADD))
    kept: dict[str, tuple[ReviewChoices, ...]] = {"": all_of_them}
    if len(all_of_them) > 1:
        kept |= {_words([one]): tuple(other for other in all_of_them if other is not one) for one in all_of_them}
    kept[str(ALL_REVIEWS) if len(all_of_them) > 1 else _words(all_of_them)] = ()
    answers = {}
    for done, (without, rest) in enumerate(kept.items()):
        if progress is not None:
            progress(
                done,
                len(kept),
                Said("without {without}", "{without} なし").format(without=without)
                if without
                else Said("with all reviews", "すべての見直しあり"),
            )
        answers[without] = solve(_with(model, rest), foresight=False, verdict=False)
    apart = compare(answers, paths, SEED).differences.query("measure == 'weighed'")
    rows = []
    for beside in apart.to_dict("records"):
        without = str(beside["portfolio"])
        verdict = {"dearer": "worth it", "cheaper": "costs more"}.get(str(beside["verdict"]), "tie")
        cost = answers[without].summary["objective"]
        rows.append((
            without, programme_name(answers[without].programmes), cost, cost - answers[""].summary["objective"],
            float(beside["difference_musd"]), float(beside["standard_error_musd"]), verdict,
        ))  # fmt: skip
    return Reviews(model.name, answers[""].summary["objective"], paths, DataFrame(rows, columns=list(COLUMNS)))


def _with(model: Model, reviews: Sequence[ReviewChoices]) -> Model:
    """The model with these reviews and no others."""
    return replace(model, settings=model.settings.model_copy(update={"reviews": tuple(reviews)}))


def _words(reviews: Sequence[ReviewChoices]) -> str:
    return "; ".join(str(OF_YEAR.format(year=review.year, sees=listed(review.sees))) for review in reviews)
