"""The limits a model file sets: kind, scope, bound, years and tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, create_model, field_validator, model_validator

from procure.errors import nearest
from procure.facts.conversion import Units, quantity
from procure.languages import AND, COMMA, Said
from procure.limits import KINDS
from procure.limits.limit import MUSD, SHARE, Unit
from procure.model.faults import ONE_OF, short, wrong
from procure.model.values import Amount, Scope, Share, Table, Whole

_FROM, _UNTIL = Said("from {first} on", "{first}年以降"), Said("until {last}", "{last}年まで")
_FROM_TO = Said("from {first} to {last}", "{first}～{last}年")


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise wrong(
            Said("value is '{kind}'", "値は '{kind}'").format(kind=kind),
            ONE_OF.format(options=COMMA.join(KINDS)),
            nearest(kind, KINDS),
        )
    return kind


#: A currency in a unit, "bn JPY".
CURRENCY = re.compile(r"\b[A-Z]{3}\b")
#: Units that hang on no exchange rate.
PLAIN = Units({})


def number_of(bound: Any, measure: Unit) -> Any:
    """The number that a text with a unit stands for, in the unit of a bound; as it is where a rate is needed, or it is no text."""
    if not isinstance(bound, str):
        return bound
    remedy = Said('write digits, or for example "{example}"', '数字か、例えば "{example}" と書く').format(
        example=measure.example
    )
    said = quantity(bound)
    if said is None:
        raise wrong(
            Said("value is {seen}", "値は {seen}").format(seen=short(bound)),
            Said("it is a number of {name}, or text with a unit", "{name} の数値か、単位付きの文字列").format(
                name=measure.name
            ),
            remedy,
        )
    number, unit = said
    try:
        return number * PLAIN.factor(unit, measure.target)
    except ValueError as error:
        currency = CURRENCY.search(unit)
        if measure is MUSD and currency and currency[0] != "USD":
            return bound  # known when the facts are: `CommonChoices.at`
        raise wrong(
            Said("value is {seen}: {error}", "値は {seen}: {error}").format(seen=short(bound), error=error.args[0]),
            Said("a bound is in {name}", "限度の単位は {name}").format(name=measure.name),
            remedy,
        ) from None


class CommonChoices(Table):
    """What any limit can say: kind, scope, bound, years and tag."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    """Of one's own, to tell it by; the kind where it stands in one line."""
    kind: Annotated[str, AfterValidator(_known)]
    """What is limited: one of the kinds below."""
    supplier: str | None = None
    """Whose share, or what, is limited."""
    country: str | None = None
    """Whose suppliers' share is limited, together."""
    scope: Scope = "all"
    """Of which element, class or list of them it speaks."""
    max: Amount | None = None
    """The most that is allowed: a share, or a number in the unit of the kind, or text with a unit."""
    min: Amount | None = None
    """The least that is asked for, likewise."""
    first: Whole | None = Field(None, alias="from")
    """The first year in which it holds; the first of the model without it."""
    last: Whole | None = Field(None, alias="to")
    """The last year in which it holds."""
    tag: Literal["physical", "contractual", "policy"] = "policy"
    """What kind of rule it is, as the answer tells it."""
    weight: Literal["tonnes", "value"] = "tonnes"
    """Whether shares are counted in tonnes, or by value at licensed prices."""
    alpha: Share = Field(0.95, ge=0, lt=1)
    """Confidence level of a limit on the worst futures."""
    note: str = ""
    """Words for whoever reads the file."""

    @model_validator(mode="before")
    @classmethod
    def _in_one_line(cls, written: Any) -> Any:
        """``single_source = 0.5`` for kind and bound, and for the name where there is none."""
        if not isinstance(written, Mapping) or "kind" in written:
            return written
        kinds = [key for key in written if key in KINDS]
        if len(kinds) > 1:
            rule = Said("a limit is of one kind", "制約の種類は一つ")
            raise wrong(
                Said("it has {names}", "{names} がある").format(names=AND.join(map(repr, kinds))),
                rule,
                Said("write a limit for each", "それぞれ別の制約として書く"),
            )
        if not kinds:
            known = {*cls.takes(), "name", "kind"}
            for key in written:
                if isinstance(key, str) and key not in known:
                    rule = Said("a limit in one line is its kind and its bound", "一行の制約は種類と限度からなる")
                    raise wrong(
                        Said("it has '{key}' and no kind", "'{key}' があり種類がない").format(key=key),
                        rule,
                        nearest(key, KINDS),
                    )
            return written
        kind, bound = kinds[0], KINDS[kinds[0]].sense
        if bound in written:
            raise wrong(
                Said("it has '{kind}' and '{bound}'", "'{kind}' と '{bound}' がある").format(kind=kind, bound=bound),
                Said("the bound is written once", "限度を書くのは一度だけ"),
                Said('write kind = "{kind}"', 'kind = "{kind}" と書く').format(kind=kind),
            )
        rest = {key: value for key, value in written.items() if key != kind}
        return {"name": kind, "kind": kind} | rest | {bound: written[kind]}

    @field_validator("max", "min", mode="before")
    @classmethod
    def _in_its_unit(cls, bound: Any, so_far: ValidationInfo) -> Any:
        kind = KINDS.get(so_far.data.get("kind", ""))
        return bound if kind is None or bound is None else number_of(bound, kind.measured_in)

    @model_validator(mode="after")
    def _makes_sense(self) -> CommonChoices:
        kind = KINDS[self.kind]
        wanted, other = kind.sense, "max" if kind.sense == "min" else "min"
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            both = AND.join(f"'{key}'" for key in ("min", "max") if getattr(self, key) is not None)
            having = (
                Said("it has {has}", "{has} がある").format(has=both) if both else Said("it has no bound", "限度がない")
            )
            rule = Said(
                "a limit of kind '{kind}' has '{wanted}' and no '{other}'",
                "種類 '{kind}' の制約には '{wanted}' があり '{other}' はない",
            ).format(kind=self.kind, wanted=wanted, other=other)
            raise wrong(
                having,
                rule,
                Said("write {wanted} = and the bound", "{wanted} = に続けて限度を書く").format(wanted=wanted),
            )
        written = getattr(self, wanted)
        bound = float(written) if not isinstance(written, str) else quantity(written)[0]  # type: ignore[index]  # it has both
        if kind.measured_in is SHARE and not 0 <= bound <= 1:
            meant = (
                Said('write {seen:g} or "{bound:g} %"', '{seen:g} か "{bound:g} %" と書く').format(
                    seen=bound / 100, bound=bound
                )
                if 1 < bound <= 100
                else Said("write 0.65 for 65 %", "65 % は 0.65 と書く")
            )
            raise wrong(
                Said("{wanted} is {bound:g}", "{wanted} は {bound:g}").format(wanted=wanted, bound=bound),
                Said("a share lies between 0 and 1", "比率は 0 から 1 の間"),
                meant,
            )
        if bound < 0:
            seen = written if isinstance(written, str) else f"{written:g}"
            raise wrong(
                Said("{wanted} is {seen}", "{wanted} は {seen}").format(wanted=wanted, seen=seen),
                Said("a bound is >= 0", "限度は 0 以上"),
                Said("check the sign", "符号を確かめる"),
            )
        for seen, broken, remedy in kind.faults(self):
            raise wrong(seen, broken, remedy)
        keys = {type(self).model_fields[name].alias or name for name in self.model_fields_set}
        for key in sorted(keys - {"name", "kind", wanted, "tag", "note", *kind.reads}):
            reads = COMMA.join(kind.reads) or Said("nothing else", "限度だけ")
            raise wrong(
                Said("it has '{key}'", "'{key}' がある").format(key=key),
                Said("a limit of kind '{kind}' reads {reads}", "種類 '{kind}' の制約が読むのは {reads}").format(
                    kind=self.kind, reads=reads
                ),
                Said("leave out '{key}'", "'{key}' を省く").format(key=key),
            )
        if self.first is not None and self.last is not None and self.first > self.last:
            raise wrong(
                _FROM_TO.format(first=self.first, last=self.last),
                Said("years run from first to last", "年は始めから終わりへ進む"),
                Said("turn them round", "入れ替える"),
            )
        return self

    @property
    def scopes(self) -> tuple[str, ...]:
        """The elements and classes that it speaks of, or "all"."""
        return (self.scope,) if isinstance(self.scope, str) else tuple(self.scope)

    def held_in(self, years: Iterable[int]) -> tuple[int, ...]:
        """Those of some years in which it holds."""
        return tuple(year for year in years if (self.first or year) <= year <= (self.last or year))

    @property
    def years_in_words(self) -> str:
        """From when and until when it holds."""
        if self.last is None:
            return Said("in every year", "毎年") if self.first is None else _FROM.format(first=self.first)
        return (_UNTIL if self.first is None else _FROM_TO).format(first=self.first, last=self.last)

    @property
    def bound(self) -> float:
        """The bound, whichever way it goes: a share of demand, days of use, USD million, or t per t."""
        bound = self.min if KINDS[self.kind].sense == "min" else self.max
        return float("nan") if bound is None else float(bound)

    def at(self, units: Units) -> CommonChoices:
        """The same with its bound a number, where it was written in a currency that these units know.

        Raises ValueError where it is in none of them.
        """
        sense, target = KINDS[self.kind].sense, KINDS[self.kind].measured_in.target
        written = getattr(self, sense)
        if not isinstance(written, str):
            return self
        number, unit = quantity(written)  # type: ignore[misc]  # it has both
        return self.model_copy(update={sense: number * units.factor(unit, target)})


#: One limit: what any can say, and the keys that only some kinds read.
LimitChoices = create_model(
    "LimitChoices",
    __base__=CommonChoices,
    **{key: declared for kind in KINDS.values() for key, declared in kind.keys.items()},  # type: ignore[call-overload]
)
