"""Who uses rare earths, and who holds stock of them: tiers of users, each with its own days, and holders for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from procure.facts.records import Records
from procure.units import Array, Mask

#: The one user, where holders.csv has none; and the holder for all, where it has none either.
EVERYBODY, STATE = "all", "state"


@dataclass(frozen=True)
class Holder:
    """Who holds stock, and for whom.

    Attributes
    ----------
    name : str
    serves : array of bool, shape (n_users,)
        A tier of users serves itself, any other holder all of them.
    days : array, shape (n_elements,), or None
        Stock in days of its own use; None where it is the stock of the plan.
    order : float
        When it is drawn: the lowest first.
    """

    name: str
    serves: Mask
    days: Array | None
    order: float


@dataclass(frozen=True)
class Holders:
    """The holders, in the order in which they are drawn.

    Attributes
    ----------
    users : tuple of str
    share : array, shape (n_elements, n_users)
        Of the use of an element that is a user's; they sum to one.
    holders : tuple of Holder
    """

    users: tuple[str, ...]
    share: Array
    holders: tuple[Holder, ...]


def read_holders(records: Records, scopes: Mapping[str, Sequence[str]]) -> Holders:
    """The holders of `holders.csv`; one user without a stock of his own, and the state, where there are none.

    Parameters
    ----------
    records : Records
    scopes : mapping element -> what may speak of it, the narrowest first

    >>> from procure.facts import load_facts
    >>> found = read_holders(Records(load_facts()), {"Dy": ("Dy", "all")})
    >>> found.users, [holder.name for holder in found.holders]
    (('exposed', 'large'), ['exposed', 'large', 'state'])
    """

    def number(holder: str, attribute: str) -> Array:
        """Of each element; NaN where nothing is said."""
        found = [records.of_scope("holders", of, holder=holder, attribute=attribute) for of in scopes.values()]
        return np.array([float(rows[0]["value"]) if rows else np.nan for rows in found])

    names = list(dict.fromkeys(str(row["holder"]) for row in records.rows("holders")))
    share = {name: number(name, "use_share") for name in names}
    users = tuple(name for name in names if not np.isnan(share[name]).all())
    holders = []
    for name in names:
        serves = np.array([user == name or name not in users for user in users] or [True])
        days = number(name, "days")
        order = number(name, "order")
        own = None if name not in users and np.isnan(days).all() else np.nan_to_num(days)
        holders.append(Holder(name, serves, own, float(np.nanmin(order)) if not np.isnan(order).all() else 0.0))
    if all(holder.days is not None for holder in holders):
        holders.append(Holder(STATE, np.ones(max(len(users), 1), dtype=bool), None, np.inf))
    of_users = np.column_stack([np.nan_to_num(share[user]) for user in users]) if users else np.ones((len(scopes), 1))
    return Holders(users or (EVERYBODY,), of_users, tuple(sorted(holders, key=lambda holder: holder.order)))
