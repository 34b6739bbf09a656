"""share: at most so much of a class from one supplier or country, of all demand, when `supplied` says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from procure.languages import Said
from procure.limits.said import names_one_owner, whole, whose
from procure.limits.supplied import SuppliedShare, which


class Share(SuppliedShare):
    """At most a share of demand from a supplier or country."""

    name = "share"
    title = Said("At most a share of demand from a supplier or country", "供給元か国への依存度の上限")
    reads: ClassVar[tuple[str, ...]] = ("supplier", "country", *SuppliedShare.reads)

    def faults(self, choice: Any) -> Iterator[tuple[str, str, str]]:
        """One owner."""
        return names_one_owner(choice)

    def says(self, choice: Any, bound: str) -> str:
        """In words, as in "at most 65 % of medium_heavy from china while undisturbed"."""
        return Said(
            "at most {bound} of {whole} from {whose} {which}", "{whole}のうち{whose}からは{bound}以下（{which}）"
        ).format(bound=bound, whole=whole(choice), whose=whose(choice), which=which(choice))
