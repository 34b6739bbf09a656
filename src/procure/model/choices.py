"""The choices of a model file, table by table: what each key takes, and what it is where the file is silent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    ValidationError,
    field_validator,
    model_validator,
)

from procure.errors import DataError, nearest
from procure.languages import COMMA, Said
from procure.model.faults import ONE_OF, VALUE_IS, in_words, short, wrong
from procure.model.limits import LimitChoices
from procure.model.values import Names, Number, Share, Table, Truth, Whole, number_or_text, unrepeated
from procure.risk import balls

FIRST_YEAR, LAST_YEAR = 2000, 2100
#: Where the odds are taken as they are given.
NO_DOUBT = "none"
_NO_LIMIT = Said(
    "limits.{name} holds {held}, in no year of the model ({years})",
    "limits.{name} の適用は{held}で、モデルの対象年（{years}）にはない",
)
_NO_REVIEW = Said(
    "the review of {year} is in no year of the model after the first ({years})",
    "{year}年の見直しは、初年より後の対象年（{years}）にない",
)
_NO_BRANCH = Said(
    "world.tree.branch: {year} is no year of the model ({years})",
    "world.tree.branch: {year}年はモデルの対象年（{years}）にない",
)
_FIRST_AND_LAST = Said("write [first, last]", "[最初の年, 最後の年] と書く")
_DROP_ONE = Said("drop one of the two", "どちらか一方を外す")


def _all_or_list(items: Any) -> Any:
    if items != "all" and not isinstance(items, (list, tuple)):
        rule = Said("it is 'all' or a list of elements", "'all' か元素のリスト")
        remedy = Said("write a list in brackets", "リストを角括弧で書く")
        raise wrong(VALUE_IS.format(value=repr(items)), rule, remedy)
    return items


def _pair(years: Any) -> Any:
    if isinstance(years, int) and not isinstance(years, bool):
        return years, years
    if not isinstance(years, (list, tuple)) or len(years) != 2:
        rule = Said("it is a year, or a list of two", "年一つか、二つの年のリスト")
        raise wrong(VALUE_IS.format(value=short(years)), rule, _FIRST_AND_LAST)
    return years


def _doubt(kind: str) -> str:
    known = (NO_DOUBT, *balls())
    if kind not in known:
        raise wrong(VALUE_IS.format(value=f"'{kind}'"), ONE_OF.format(options=COMMA.join(known)), nearest(kind, known))
    return kind


class ModelChoices(Table):
    """What is modelled: name, years, elements, and the facts it stands on."""

    name: str = Field(min_length=1, pattern=r"^[a-z0-9][a-z0-9_-]*$")
    """Name of the model, in answers and errors: small letters, digits, - and _."""
    title: dict[Literal["en", "ja"], str] = Field({})
    """What the answer is headed by, in English and Japanese."""
    years: Annotated[tuple[Whole, Whole], BeforeValidator(_pair)]
    """First and last year of the plan; a year alone is a plan of one year."""
    beyond: Whole = Field(0, ge=0, le=20)
    """Years after the last that are solved too, and told in one line of the costs only."""
    periods_per_year: Whole = Field(1, ge=1, le=52)
    """Into how many periods a year is cut in which supply, stock and shortage are balanced: 1, 4 or 12, say."""
    discount_rate: Share = Field(0.03, ge=0, le=0.5)
    """By which costs of later years count less, a year."""
    facts: str = Field("bundled", min_length=1)
    """The tables: those that come with procure, or a folder beside the model file."""
    extend: Truth = True
    """Whether a folder's rows add to the bundled tables; false: they are all there is."""
    elements: Annotated[Literal["all"] | Names, BeforeValidator(_all_or_list)] = "all"
    """What is bought: all that have a market and a demand, or a list."""
    classes: Literal["default", "textbook", "jogmec"] = "default"
    """Into which light and medium/heavy elements are split: as here, by the textbook, or by JOGMEC."""
    currency: str = "USD"
    """Shown beside USD, at the exchange rate of the tables."""
    highlight: Names = ()
    """Elements that always have a line of their own in the answer."""

    @field_validator("years")
    @classmethod
    def _years_in_order(cls, years: tuple[int, int]) -> tuple[int, int]:
        first, last = years
        if not FIRST_YEAR <= first <= last <= LAST_YEAR:
            rule = Said(
                "years run from the first to the last, within {least} and {most}",
                "年は最初から最後へ、{least} 年から {most} 年の間",
            ).format(least=FIRST_YEAR, most=LAST_YEAR)
            raise wrong(VALUE_IS.format(value=f"[{first}, {last}]"), rule, _FIRST_AND_LAST)
        return years


class RiskChoices(Table):
    """How cost is weighed: (1 - weight) mean + weight CVaR at level alpha (0.95 averages the worst 5 %), under the worst odds that
    are within `radius` of those of the tables, as `ambiguity` measures it.
    """

    alpha: Share = Field(0.95, ge=0, lt=1)
    """Confidence level: 0.95 averages the worst 5 % of futures, 0 is the plain mean."""
    weight: Share = Field(0.0, ge=0, le=1)
    """How much the worst futures count beside the mean: 0 is mean cost alone."""
    ambiguity: Annotated[str, AfterValidator(_doubt)] = NO_DOUBT
    """How the distance of other odds is measured: none, or one of the balls of docs/odds.md."""
    radius: Share = Field(0.0, ge=0)
    """How far the odds may lie from those of the tables."""

    @property
    def in_doubt(self) -> bool:
        """Whether the odds are not taken as the tables give them."""
        return self.ambiguity != NO_DOUBT and self.radius > 0

    @model_validator(mode="after")
    def _doubt_makes_sense(self) -> RiskChoices:
        if self.ambiguity == NO_DOUBT:
            if self.radius > 0:
                seen = Said(
                    "radius is {radius:g} and ambiguity is '{none}'", "radius は {radius:g}、ambiguity は '{none}'"
                ).format(radius=self.radius, none=NO_DOUBT)
                rule = Said("a radius is that of a doubt about the odds", "半径は確率への疑いの大きさ")
                remedy = Said("write ambiguity = one of {names}", "ambiguity = に続けて次のいずれかを書く: {names}")
                raise wrong(seen, rule, remedy.format(names=COMMA.join(balls())))
            return self
        kind = balls()[self.ambiguity]
        if self.radius > kind.most:
            meant = (
                Said('write {share:g} or "{radius:g} %"', '{share:g} か "{radius:g} %" と書く')
                if self.radius <= 100
                else Said("lower it", "小さくする")
            ).format(share=self.radius / 100, radius=self.radius)
            raise wrong(
                Said("radius is {radius:g}", "radius は {radius:g}").format(radius=self.radius), kind.says, meant
            )
        return self


class TreeChoices(Table):
    """How the futures branch: every state in the years of `branch`, drawn elsewhere, within `nodes` nodes.

    `nodes` is that of a model in years. With shorter periods a path has more nodes, and the tree `periods_per_year` times as
    many: as many paths. A year of `branch` branches in its first period.
    """

    branch: Annotated[tuple[Whole, ...], AfterValidator(unrepeated)] = ()
    """Years in which the tree holds every state of the primary process."""
    nodes: Whole = Field(1500, ge=1, le=200_000)
    """The most nodes the tree may have: more are a better sample, and take longer."""
    seed: Whole = Field(1, ge=0)
    """Of the draw: another seed, another sample."""
    primary: str | None = None
    """The process that branches first: the one that matters most."""


#: Which end of the ranges of the risks is taken.
Variant = Literal["optimistic", "base", "pessimistic"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)


class WorldChoices(Table):
    """Which variant of the risks, where they stand today, and how the tree is made."""

    variant: Variant = "base"
    """Which end of the ranges of the risks is taken."""
    start: dict[str, str] = Field({})
    """The state in which a process stands before the first period."""
    first: dict[str, str] = Field({})
    """The state in which it stands in the first period, for certain."""
    tree: TreeChoices = TreeChoices()
    """How the futures branch."""
    scenarios: Truth = False
    """Whether the futures are the rows of the table `scenarios`, and not a tree made from the processes."""
    retaliation: Literal["announcement", "delivery"] = (
        "announcement"  # from when a programme level that is in force provokes
    )
    """From when a programme in force provokes: once it is announced, or once it delivers."""


class DemandChoices(Table):
    """Which reading of demand (of readings.csv) and which case of it, whether it is uncertain, and whether orders are placed before
    it is seen.

    `uncertain` speaks of levels, `readings` of the chance that each of some readings holds for good; what they leave is that of
    `reading`.
    """

    reading: str | None = None
    """Which reading of demand, of those in readings.csv; else the tables' own."""
    readings: dict[str, Share] = Field({})
    """Chances of other readings, by their names; what they leave is that of `reading`."""
    case: Literal["low", "base", "high"] = "base"
    """Which end of the range of growth demand follows."""
    uncertain: Literal["none", "yearly", "persistent"] = "none"
    """Whether demand is drawn, each year anew or once for all."""
    orders: Literal["after", "before"] = "after"
    """Whether orders of a period are placed before or after its demand is seen."""

    @field_validator("readings")
    @classmethod
    def _chances(cls, readings: dict[str, float]) -> dict[str, float]:
        told = ", ".join(f"{name} {chance:g}" for name, chance in readings.items())
        if any(chance <= 0 for chance in readings.values()) or math.fsum(readings.values()) > 1 + 1e-9:
            rule = Said(
                "each reading has a chance above 0, and all of them at most 1",
                "需要の見方の確率はそれぞれ 0 超、合計 1 以下",
            )
            remedy = Said(
                "leave out what cannot be, and let the rest be that of demand.reading",
                "あり得ないものを省き、残りを demand.reading の確率とする",
            )
            raise wrong(VALUE_IS.format(value=told), rule, remedy)
        return readings

    @model_validator(mode="after")
    def _uncertain_once(self) -> Self:
        if self.readings and self.uncertain != "none":
            seen = Said(
                "uncertain is '{kind}', and readings have chances", "uncertain は '{kind}' で、readings に確率がある"
            ).format(kind=self.uncertain)
            rule = Said(
                "demand is uncertain by its levels or by readings", "需要の不確実性は需要水準か需要の見方のどちらか"
            )
            raise wrong(seen, rule, _DROP_ONE)
        if self.reading in self.readings:
            seen = Said("'{name}' is chosen, and has a chance too", "'{name}' は選択済みで、確率もある")
            rule = Said(
                "what the readings leave is that of demand.reading", "readings の残りの確率は demand.reading のもの"
            )
            raise wrong(seen.format(name=self.reading), rule, _DROP_ONE)
        return self


class StockChoices(Table):
    """When stock may be drawn: in a disruption, where a supplier of the element is in another state than its first; or always."""

    release: Literal["disruption", "always"] = "disruption"
    """When stock may be drawn: where a supplier of the element is disturbed, or always."""


#: Scales at which a year of ban without stock costs what others have put on it (`losses.csv`; docs/data.md says how they are made).
SCALES = {"NRI": 1.0, "Daiwa": 2.7, "IMF": 4.2}


class ShortageChoices(Table):
    """The scale of all shortage costs: one of `SCALES` reproduces the loss of a year of ban that others see."""

    scale: Number = Field(1.0, ge=0, le=1000)
    """By which all costs of shortage are multiplied."""


class SupplierChoices(Table):
    """Choices on one supplier; naming an optional supplier switches it on, ``enabled = false`` switches one off."""

    enabled: Truth = True
    """Whether it is bought from."""
    programmes: Names = ()
    """Levels, or strategies in stages, of which the best is chosen."""
    price_rule: Literal["fixed", "index", "floor", "floor_rebate"] | None = None
    """How a contract is priced: fixed, by index, with a floor, or with a floor and a rebate; else as the tables say."""
    payment: Literal["delivered", "ordered"] | None = None
    """Whether what is delivered is paid, or what was ordered; else as the tables say."""
    contracts: Literal["free", "committed", "none"] = "free"
    """Whether more may be contracted than is already; committed: no more; none: all is called within the year."""


class ReviewChoices(Table):
    """From `year` on the plan is decided anew, knowing the states in which the processes it `sees` were the year before."""

    year: Whole
    """From which on the plan is decided anew."""
    sees: Names = Field(min_length=1)
    """Processes whose states in the year before are known then."""


class Override(Table):
    """A single number of the facts, set with its reason: in the unit in which its row is written, or as text with a unit."""

    set: str
    """Dotted path of the number."""
    value: Annotated[float | str, PlainValidator(number_or_text)]
    """In the unit in which its row is written, or text with a unit."""
    reason: str = Field(min_length=1)
    """Why; it stands as the source of the number."""


class Settings(Table):
    """All choices of a model file."""

    model: ModelChoices
    risk: RiskChoices = RiskChoices()
    world: WorldChoices = WorldChoices()
    demand: DemandChoices = DemandChoices()
    stock: StockChoices = StockChoices()
    shortage: ShortageChoices = ShortageChoices()
    suppliers: dict[str, SupplierChoices] = Field({})
    reviews: tuple[ReviewChoices, ...] = ()
    limits: tuple[LimitChoices, ...] = ()
    overrides: tuple[Override, ...] = ()

    @field_validator("limits")
    @classmethod
    def _limits_have_names_of_their_own(cls, limits: tuple[LimitChoices, ...]) -> tuple[LimitChoices, ...]:
        names = [limit.name for limit in limits]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise wrong(
                Said("two limits are called '{name}'", "'{name}' という制約が二つある").format(name=twice[0]),
                Said("each limit has a name of its own", "制約の名前は一つずつ別"),
                Said("rename one of them", "一方の名前を変える"),
            )
        return limits

    @field_validator("reviews")
    @classmethod
    def _reviews_have_years_of_their_own(cls, reviews: tuple[ReviewChoices, ...]) -> tuple[ReviewChoices, ...]:
        years = [review.year for review in reviews]
        twice = sorted({year for year in years if years.count(year) > 1})
        if twice:
            raise wrong(
                Said("two reviews are in {year}", "{year} 年の見直しが二つある").format(year=twice[0]),
                Said("each review has a year of its own", "見直しの年は一つずつ別"),
                Said("let one see all", "一つの見直しにまとめる"),
            )
        return reviews

    @property
    def revisions(self) -> tuple[ReviewChoices, ...]:
        """The reviews in years of the model after its first."""
        first, last = self.model.years
        return tuple(review for review in self.reviews if first < review.year <= last)

    def left_out(self) -> list[str]:
        """What falls into no year of the model and has no part in it, in words: limits, reviews, years in which the tree branches.

        >>> from procure import load_model
        >>> load_model("japan").with_(**{"model.years": 2027}).settings.left_out()
        ['limits.china_heavy_share holds from 2030 on, in no year of the model (2027)']
        """
        first, last = self.model.years
        years = Said("{first}", "{first}") if first == last else Said("{first} to {last}", "{first}～{last}")
        years = years.format(first=first, last=last)
        limits = [limit for limit in self.limits if not limit.held_in(range(first, last + self.model.beyond + 1))]
        reviews = [review.year for review in self.reviews if review not in self.revisions]
        branch = [year for year in self.world.tree.branch if not first <= year <= last]
        return [
            *(_NO_LIMIT.format(name=limit.name, held=limit.years_in_words, years=years) for limit in limits),
            *(_NO_REVIEW.format(year=year, years=years) for year in reviews),
            *(_NO_BRANCH.format(year=year, years=years) for year in branch),
        ]

    @classmethod
    def checked(cls, document: Mapping[str, Any], origin: str) -> Settings:
        """The choices of a document like the TOML file; `DataError` with every fault, said to be in `origin`."""
        try:
            return cls.model_validate(dict(document))
        except ValidationError as error:
            raise DataError(in_words(error, cls.keys_at, document, origin)) from None


#: Choices that say which tables are read; a model that is read cannot change them.
READ_ONCE = ("model.facts", "model.extend")
