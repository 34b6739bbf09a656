"""The limits a model file sets: kind, scope, bound, years and tag."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from procure.model.faults import wrong
from procure.model.values import Number, Share, Table, Whole, percent

LimitKind = Literal[
    "share", "domestic_share", "stock_days", "budget", "footprint",
    "expected_shortage", "shortage_cvar", "cost_cvar", "worst_case",
]  # fmt: skip
#: Kinds that are a least value; the others are a most.
LEAST = ("domestic_share", "stock_days")
#: Kinds whose bound is a share.
SHARES = ("share", "domestic_share", "expected_shortage", "shortage_cvar")
#: The keys that a kind reads besides its bound; others would be ignored, so they are faults.
READS: dict[str, tuple[str, ...]] = {
    "share": ("supplier", "country", "scope", "from", "to", "weight"),
    "domestic_share": ("supplier", "country", "scope", "from", "to", "weight"),
    "stock_days": ("scope", "from", "to"),
    "budget": ("from", "to"),
    "footprint": ("supplier", "country", "scope", "from", "to"),
    "expected_shortage": ("scope", "from", "to", "weight"),
    "shortage_cvar": ("scope", "from", "to", "weight", "alpha"),
    "cost_cvar": ("alpha",),
    "worst_case": (),
}


class LimitChoices(Table):
    """One limit: kind, scope, bound, years and tag."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    kind: LimitKind
    supplier: str | None = None
    country: str | None = None
    scope: str = "all"
    max: Number | None = None
    min: Number | None = None
    first: Whole | None = Field(None, alias="from")
    last: Whole | None = Field(None, alias="to")
    tag: Literal["physical", "contractual", "policy"] = "policy"
    weight: Literal["tonnes", "value"] = "tonnes"
    alpha: Share = Field(0.95, ge=0, lt=1)
    note: str = ""

    @field_validator("max", "min", mode="before")
    @classmethod
    def _share_inpercent(cls, bound: Any, so_far: ValidationInfo) -> Any:
        return percent(bound) if so_far.data.get("kind") in SHARES else bound

    @model_validator(mode="after")
    def _makes_sense(self) -> LimitChoices:
        wanted, other = ("min", "max") if self.kind in LEAST else ("max", "min")
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            has = " and ".join(f"'{key}'" for key in ("min", "max") if getattr(self, key) is not None) or "no bound"
            rule = f"a limit of kind '{self.kind}' has '{wanted}' and no '{other}'"
            raise wrong(f"it has {has}", rule, f"write {wanted} = and the bound")
        if self.kind in SHARES and not 0 <= self.bound <= 1:
            raise wrong(f"{wanted} is {self.bound:g}", "a share lies between 0 and 1", "write 0.65 for 65 %")
        if self.bound < 0:
            raise wrong(f"{wanted} is {self.bound:g}", "a bound is >= 0", "check the sign")
        if self.kind in ("share", "domestic_share") and (self.supplier is None) == (self.country is None):
            seen, remedy = ("it has neither", "add one") if self.supplier is None else ("it has both", "keep one")
            raise wrong(seen, f"a limit of kind '{self.kind}' names a supplier or a country", remedy)
        written = {LimitChoices.model_fields[name].alias or name for name in self.model_fields_set}
        for key in sorted(written - {"name", "kind", wanted, "tag", "note", *READS[self.kind]}):
            reads = ", ".join(READS[self.kind]) or "nothing else"
            raise wrong(f"it has '{key}'", f"a limit of kind '{self.kind}' reads {reads}", f"leave out '{key}'")
        if self.first is not None and self.last is not None and self.first > self.last:
            raise wrong(f"from {self.first} to {self.last}", "years run from first to last", "turn them round")
        return self

    @property
    def bound(self) -> float:
        """The bound, whichever way it goes: a share of demand, days of use, USD million, or t per t."""
        bound = self.min if self.kind in LEAST else self.max
        return float("nan") if bound is None else bound
