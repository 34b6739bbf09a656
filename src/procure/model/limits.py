"""The limits a model file sets: kind, scope, bound, years and tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, create_model, field_validator, model_validator

from procure.errors import nearest
from procure.facts.conversion import Units, quantity
from procure.languages import Said
from procure.limits import KINDS
from procure.limits.limit import MUSD, SHARE, Unit
from procure.model.faults import short, wrong
from procure.model.values import Amount, Scope, Share, Table, Whole

_FROM, _UNTIL = Said("from {first} on", "{first}年以降"), Said("until {last}", "{last}年まで")
_FROM_TO = Said("from {first} to {last}", "{first}～{last}年")


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise wrong(f"value is '{kind}'", f"it is one of {', '.join(KINDS)}", nearest(kind, KINDS))
    return kind


#: A currency in a unit, "bn JPY".
CURRENCY = re.compile(r"\b[A-Z]{3}\b")
#: Units that hang on no exchange rate.
PLAIN = Units({})


def number_of(bound: Any, measure: Unit) -> Any:
    """The number that a text with a unit stands for, in the unit of a bound; as it is where a rate is needed, or it is no text."""
    if not isinstance(bound, str):
        return bound
    remedy = f'write digits, or for example "{measure.example}"'
    said = quantity(bound)
    if said is None:
        raise wrong(f"value is {short(bound)}", f"it is a number of {measure.name}, or text with a unit", remedy)
    number, unit = said
    try:
        return number * PLAIN.factor(unit, measure.target)
    except ValueError as error:
        currency = CURRENCY.search(unit)
        if measure is MUSD and currency and currency[0] != "USD":
            return bound  # known when the facts are: `CommonChoices.at`
        raise wrong(f"value is {short(bound)}: {error}", f"a bound is in {measure.name}", remedy) from None


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
            rule = "a limit is of one kind"
            raise wrong(f"it has {' and '.join(map(repr, kinds))}", rule, "write a limit for each")
        if not kinds:
            known = {*cls.takes(), "name", "kind"}
            for key in written:
                if isinstance(key, str) and key not in known:
                    rule = "a limit in one line is its kind and its bound"
                    raise wrong(f"it has '{key}' and no kind", rule, nearest(key, KINDS))
            return written
        kind, bound = kinds[0], KINDS[kinds[0]].sense
        if bound in written:
            raise wrong(f"it has '{kind}' and '{bound}'", "the bound is written once", f'write kind = "{kind}"')
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
            has = " and ".join(f"'{key}'" for key in ("min", "max") if getattr(self, key) is not None) or "no bound"
            rule = f"a limit of kind '{self.kind}' has '{wanted}' and no '{other}'"
            raise wrong(f"it has {has}", rule, f"write {wanted} = and the bound")
        written = getattr(self, wanted)
        bound = float(written) if not isinstance(written, str) else quantity(written)[0]  # type: ignore[index]  # it has both
        if kind.measured_in is SHARE and not 0 <= bound <= 1:
            meant = f'write {bound / 100:g} or "{bound:g} %"' if 1 < bound <= 100 else "write 0.65 for 65 %"
            raise wrong(f"{wanted} is {bound:g}", "a share lies between 0 and 1", meant)
        if bound < 0:
            seen = written if isinstance(written, str) else f"{written:g}"
            raise wrong(f"{wanted} is {seen}", "a bound is >= 0", "check the sign")
        for seen, rule, remedy in kind.faults(self):
            raise wrong(seen, rule, remedy)
        keys = {type(self).model_fields[name].alias or name for name in self.model_fields_set}
        for key in sorted(keys - {"name", "kind", wanted, "tag", "note", *kind.reads}):
            reads = ", ".join(kind.reads) or "nothing else"
            raise wrong(f"it has '{key}'", f"a limit of kind '{self.kind}' reads {reads}", f"leave out '{key}'")
        if self.first is not None and self.last is not None and self.first > self.last:
            raise wrong(f"from {self.first} to {self.last}", "years run from first to last", "turn them round")
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
