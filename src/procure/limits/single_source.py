"""single_source: no supplier, or no country, brings more than so much of the demand of a scope, when `supplied` says.

It is a `share` of each of them: as many rows, of one bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from procure.errors import DataError, Fault
from procure.languages import Said
from procure.limits.limit import Limit
from procure.limits.said import whole
from procure.limits.supplied import SuppliedShare, which
from procure.words import listed

_ANY_ONE = {
    "supplier": Said("any one supplier", "いずれか1供給元"),
    "country": Said("any one country", "いずれか1か国"),
}


class SingleSource(SuppliedShare):
    """At most a share of demand from any one supplier or country."""

    name = "single_source"
    title = Said("At most a share of demand from any one supplier or country", "一つの供給元か国への依存度の上限")
    reads: ClassVar[tuple[str, ...]] = (*SuppliedShare.reads, "by")
    keys: ClassVar[dict[str, tuple[Any, Any]]] = SuppliedShare.keys | {
        "by": (
            Literal["supplier", "country"],
            Field("supplier", description="Whether every supplier is limited, or every country."),
        ),
    }
    has_parts = True

    def parts(self, limit: Limit, choice: Any, country_of: Mapping[str, str]) -> Iterator[Limit]:
        """One of each supplier or country; `DataError` where a supplier is of no country, and would be of one with all such."""
        stateless = [supplier for supplier, country in country_of.items() if not country]
        if choice.by == "country" and stateless:
            where = Said("suppliers.csv, country", "suppliers.csv、列 country")
            seen = Said("no country of {names}", "{names} の国がない").format(names=listed(stateless))
            rule = Said("'{name}' counts every supplier in a country", "'{name}' は供給元を国ごとに数える")
            remedy = Said('fill the cell, or count by = "supplier"', 'セルを埋めるか、by = "supplier" とする')
            raise DataError(Fault(where, seen, rule.format(name=choice.name), remedy))
        owner_of = country_of if choice.by == "country" else {supplier: supplier for supplier in country_of}
        for owner in dict.fromkeys(owner_of.values()):
            yield limit.of(owner, suppliers=tuple(s for s in country_of if owner_of[s] == owner))

    def of_part(self, choice: Any, part: str) -> Any:
        """The choices as if they named one owner."""
        return choice.model_copy(update={choice.by: part})

    def owner(self, choice: Any) -> str:
        """Whose share it is: of the whole limit, "any one supplier"."""
        return super().owner(choice) if choice.supplier or choice.country else _ANY_ONE[choice.by]

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in "at most 50 % of medium_heavy from any one country while undisturbed"."""
        return Said(
            "at most {bound} of {whole} from {owner} {which}", "{whole}のうち{owner}からは{bound}以下（{which}）"
        ).format(bound=bound, whole=whole(choice), owner=_ANY_ONE[choice.by], which=which(choice))
