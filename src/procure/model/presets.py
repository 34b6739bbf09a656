"""Limits that a law or a programme sets, asked for by name: rows of `policies.csv` that have a kind.

In a model file ``limits = ["jogmec-60"]``, or as a table, where some of it is to be otherwise::

    [[limits]]
    preset = "eu-crma-10"
    country = "Japan"

The bound is the value of the row. Whatever the table says takes the place of what the row does. A world of one's own that has no
policies has those of the bundled tables: laws are laws wherever the suppliers are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from procure.errors import DataError, Fault, nearest
from procure.facts import Facts, load_facts
from procure.languages import Said
from procure.limits import KINDS
from procure.model.faults import short

Row = Mapping[str, Any]


def presets(facts: Facts) -> dict[str, Row]:
    """The rows of the policies that are limits, by the name of the limit.

    >>> from procure import load_facts
    >>> row = presets(load_facts())["jogmec-60"]
    >>> row["kind"], row["value"]
    ('stock_held', 60.0)
    """
    own = facts.tables["policies"]
    rows: list[Any] = (own if len(own) else load_facts().tables["policies"]).to_dict("records")
    return {row["limit"]: row for row in rows if row["limit"]}


def with_presets(document: Mapping[str, Any], facts: Facts, origin: str) -> Mapping[str, Any]:
    """A document like the TOML file in which limits that are asked for by name are written out.

    Raises `DataError` with every name that no policy has, and every policy that begins after the model ends.
    """
    items = document.get("limits")
    if not isinstance(items, (list, tuple)) or not any(map(_is_preset, items)):
        return document
    known, faults, limits = presets(facts), list[Fault](), []
    for item in items:
        if not _is_preset(item):
            limits.append(item)
            continue
        more = {"preset": item} if isinstance(item, str) else dict(item)
        name = more.pop("preset")
        where = f"{origin}, limits: {short(name)}"
        if name not in known:
            rule = Said("a limit by name is one of policies.csv", "名前による制約は policies.csv にあるもの")
            faults.append(
                Fault(where, Said("no policy has this name", "この名前の政策はない"), rule, nearest(str(name), known))
            )
            continue
        row = known[name]
        if row["kind"] not in KINDS or row["value"] != row["value"]:
            seen = Said(
                "policy '{policy}' has kind '{kind}' and value {value:g}",
                "政策 '{policy}' の種類は '{kind}'、値は {value:g}",
            ).format(policy=row["policy"], kind=row["kind"], value=row["value"])
            rule = Said(
                "a policy that is a limit has a kind of limit, and its bound",
                "制約になる政策には制約の種類と限度がある",
            )
            faults.append(Fault(where, seen, rule, nearest(row["kind"], KINDS)))
            continue
        choices = written_out(row, _years(document)[0]) | more
        if choices.get("from", 0) > _years(document)[1] and "from" not in more:
            seen = Said(
                "it holds from {first_year} on, after the last year of the model",
                "適用は {first_year} 年からで、モデルの最終年より後",
            ).format(first_year=row["first_year"])
            remedy = Said(
                "leave it out, or write from = and a year of the model", "省くか、from = に続けてモデルの年を書く"
            )
            faults.append(
                Fault(where, seen, Said("a limit has a year of the model", "制約にはモデルの年がある"), remedy)
            )
        limits.append(choices)
    if faults:
        raise DataError(faults)
    return {**document, "limits": limits}


def _is_preset(item: Any) -> bool:
    return isinstance(item, str) or (isinstance(item, Mapping) and "preset" in item)


def _years(document: Mapping[str, Any]) -> tuple[int, int]:
    """The first and the last year of the model; where it says none that are, none matters."""
    model = document.get("model")
    years = model.get("years") if isinstance(model, Mapping) else None
    if isinstance(years, (list, tuple)) and len(years) == 2 and all(type(year) is int for year in years):
        return years[0], years[1]
    return 0, 9999


def written_out(row: Row, first: int) -> dict[str, Any]:
    """What a model file would write for a policy."""
    kind = KINDS[row["kind"]]
    scope = row["elements"].split()
    said = {
        "name": row["limit"].replace("-", "_"),
        "kind": row["kind"],
        kind.sense: float(row["value"]),
        "scope": scope[0] if len(scope) == 1 else scope,
        "note": f"{row['instrument']} ({row['jurisdiction']}), {row['address']}",
    }
    if row["first_year"]:
        said["from"] = max(int(row["first_year"]), first)
    return said | {key: row[key] for key in ("by", "country", "when") if row[key]}


def asked_for(settings: Mapping[str, Any], limits: Iterable[str | Mapping[str, Any]]) -> Mapping[str, Any]:
    """A document with limits, by name or written out, beside its own."""
    return {**settings, "limits": [*settings.get("limits", ()), *limits]}
