"""A portfolio model: the choices of one TOML file, checked and frozen, beside the facts they choose from.

The file holds choices (which elements, suppliers, years, risk weights, limits) and overrides of single numbers with a
reason; the numbers themselves live in the tables of `facts`. One dotted path names either: ``risk.weight`` is a choice,
``suppliers.china.depth.medium_heavy.ban`` a number.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from procure.errors import DataError, Fault, nearest
from procure.facts import Facts, load_facts

#: Largest model file that is read, bytes.
MAX_MODEL_BYTES = 1_000_000
FIRST_YEAR, LAST_YEAR = 2000, 2100


class _Choices(BaseModel):
    """Unknown keys are faults, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


class ModelChoices(_Choices):
    """What is modelled: name, years, elements, and the facts it stands on."""

    name: str = Field(min_length=1, pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: dict[Literal["en", "ja"], str] = {}
    years: tuple[int, int]
    periods_per_year: int = Field(1, ge=1, le=52)
    discount_rate: float = Field(0.03, ge=0, le=0.5)
    facts: str = "bundled"
    extend: bool = True
    elements: Literal["all"] | tuple[str, ...] = "all"
    classes: Literal["default", "textbook", "jogmec"] = "default"
    currency: str = "USD"

    @field_validator("years")
    @classmethod
    def _years_in_order(cls, years: tuple[int, int]) -> tuple[int, int]:
        first, last = years
        if not FIRST_YEAR <= first <= last <= LAST_YEAR:
            raise ValueError(f"years run from first to last, within {FIRST_YEAR} and {LAST_YEAR}")
        return years


class RiskChoices(_Choices):
    """How cost is weighed: (1 - weight) mean + weight CVaR at level alpha (0.95 averages the worst 5 %)."""

    alpha: float = Field(0.95, ge=0, lt=1)
    weight: float = Field(0.0, ge=0, le=1)


class TreeChoices(_Choices):
    """How the futures branch: every state in the years of `branch`, drawn elsewhere, within `nodes` nodes."""

    branch: tuple[int, ...] = ()
    nodes: int = Field(1500, ge=1, le=200_000)
    seed: int = Field(1, ge=0)
    primary: str | None = None


class WorldChoices(_Choices):
    """Which variant of the risks, where they stand today, and how the tree is made."""

    variant: Literal["optimistic", "base", "pessimistic"] = "base"
    start: dict[str, str] = {}
    tree: TreeChoices = TreeChoices()
    scenarios: bool = False  # True: the futures are the table `scenarios` of the facts


class DemandChoices(_Choices):
    """Which reading of demand, whether it is uncertain, and whether orders are placed before it is seen."""

    case: Literal["low", "base", "high"] = "base"
    uncertain: Literal["none", "yearly", "persistent"] = "none"
    orders: Literal["after", "before"] = "after"


class StockChoices(_Choices):
    """When stock may be drawn: in a disruption, once at least `trigger` of some supplier's volume is lost, or always."""

    release: Literal["disruption", "always"] = "disruption"
    trigger: float = Field(0.05, ge=0, le=1)


class ShortageChoices(_Choices):
    """The scale of all shortage costs: 1.2 reproduces NRI's loss, 3.4 Daiwa's, 5 IMF's."""

    scale: float = Field(1.0, ge=0, le=1000)


class SupplierChoices(_Choices):
    """Choices on one supplier; naming an optional supplier switches it on, ``enabled = false`` switches one off."""

    enabled: bool = True
    programmes: tuple[str, ...] = ()
    price_rule: Literal["fixed", "index", "floor", "floor_rebate"] | None = None
    payment: Literal["delivered", "ordered"] | None = None
    contracts: Literal["free", "committed", "none"] = "free"  # today's contracts only; or none, all is called


LimitKind = Literal[
    "share", "domestic_share", "stock_days", "budget", "footprint",
    "expected_shortage", "shortage_cvar", "cost_cvar", "worst_case",
]  # fmt: skip
#: Kinds that are a least value; the others are a most.
LEAST = ("domestic_share", "stock_days")


class LimitChoices(_Choices):
    """One limit: kind, scope, bound, years and tag."""

    name: str = Field(min_length=1, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    kind: LimitKind
    supplier: str | None = None
    country: str | None = None
    scope: str = "all"
    max: float | None = None
    min: float | None = None
    first: int | None = Field(None, alias="from")
    last: int | None = Field(None, alias="to")
    tag: Literal["physical", "contractual", "policy"] = "policy"
    weight: Literal["tonnes", "value"] = "tonnes"
    alpha: float = Field(0.95, ge=0, lt=1)
    note: str = ""

    @model_validator(mode="after")
    def _bound_matches_kind(self) -> LimitChoices:
        wanted, other = ("min", "max") if self.kind in LEAST else ("max", "min")
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            raise ValueError(f"a limit of kind '{self.kind}' has '{wanted}' and no '{other}'")
        if self.kind in ("share", "domestic_share", "expected_shortage", "shortage_cvar") and not 0 <= self.bound <= 1:
            raise ValueError(f"a share lies between 0 and 1, and '{wanted}' is {self.bound}")
        if self.bound < 0:
            raise ValueError(f"'{wanted}' is {self.bound}, and a bound is >= 0")
        if self.kind == "share" and not (self.supplier or self.country):
            raise ValueError("a limit of kind 'share' names a supplier or a country")
        return self

    @property
    def bound(self) -> float:
        """The bound, whichever way it goes: a share of demand, days of use, USD million, or t per t."""
        bound = self.min if self.kind in LEAST else self.max
        return float("nan") if bound is None else bound


class Override(_Choices):
    """A single number of the facts, set with its reason."""

    set: str
    value: float
    reason: str = Field(min_length=1)


class Settings(_Choices):
    """All choices of a model file."""

    model: ModelChoices
    risk: RiskChoices = RiskChoices()
    world: WorldChoices = WorldChoices()
    demand: DemandChoices = DemandChoices()
    stock: StockChoices = StockChoices()
    shortage: ShortageChoices = ShortageChoices()
    suppliers: dict[str, SupplierChoices] = {}
    limits: tuple[LimitChoices, ...] = ()
    overrides: tuple[Override, ...] = ()

    @field_validator("limits")
    @classmethod
    def _limits_have_names_of_their_own(cls, limits: tuple[LimitChoices, ...]) -> tuple[LimitChoices, ...]:
        names = [limit.name for limit in limits]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two limits are called '{twice[0]}', and each has a name of its own")
        return limits


@dataclass(frozen=True)
class Model:
    """Choices and facts together; immutable: `with_` returns a changed copy.

    Attributes
    ----------
    settings : Settings
        The choices.
    facts : Facts
        The tables, overrides applied.
    origin : str
        The file the choices came from, as shown in errors.
    """

    settings: Settings
    facts: Facts
    origin: str

    @property
    def name(self) -> str:
        """The model's name."""
        return self.settings.model.name

    @property
    def years(self) -> tuple[int, ...]:
        """Every year of the plan."""
        first, last = self.settings.model.years
        return tuple(range(first, last + 1))

    def with_(self, **changes: Any) -> Model:
        """A copy with choices or facts changed by dotted path.

        Raises `DataError` for an unknown path (with the nearest valid one) and for a value its key does not take.

        >>> model = load_model("two-class")
        >>> model.with_(**{"risk.weight": 0.5}).settings.risk.weight
        0.5
        """
        return self.changed(changes)

    def changed(self, changes: Mapping[str, Any]) -> Model:
        """`with_`, from a mapping."""
        document = self.settings.model_dump(by_alias=True, exclude_unset=True)
        facts, faults, chosen = self.facts, [], False
        for path, value in changes.items():
            spot = _find_choice(document, path)
            if spot is not None:
                owner, key = spot
                owner[key] = value
                chosen = True
                continue
            try:
                facts = facts.with_value(path, value)
            except DataError as error:
                if path.split(".")[0] in Settings.model_fields and _is_choice(path):
                    faults += [
                        Fault(path, "no such choice", "a path names a choice or a number", _nearest_choice(path))
                    ]
                else:
                    faults += error.faults
        if faults:
            raise DataError(faults)
        settings = _settings(document, self.origin) if chosen else self.settings
        changed = replace(self, settings=settings, facts=facts)
        if chosen:
            _check_against_facts(changed)
        return changed


def load_model(name: str | Path, facts: Facts | None = None) -> Model:
    """Read a model: a bundled name such as ``"japan"``, or the path of a TOML file.

    Parameters
    ----------
    name : str or Path
        Bundled name, or path ending in ``.toml``.
    facts : Facts, optional
        One's own facts; they take the place of those the file names.

    Raises
    ------
    DataError
        Listing every fault: a missing or malformed file, unknown keys, values out of range, names the facts lack.

    >>> load_model("two-class").years
    (2027,)
    """
    path = _find(name)
    text = _read(path)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(
            Fault(path.name, f"not TOML: {error}", "a model file is TOML 1.0", "quote text, close brackets and lists")
        ) from None
    settings = _settings(document, path.name)
    if facts is None:
        facts = _facts_of(settings, path)
    return make_model(settings, facts, path.name)


def make_model(settings: Settings | Mapping[str, Any], facts: Facts, origin: str = "model") -> Model:
    """A model from choices (checked or as a mapping like the TOML file) and facts, without a file."""
    if not isinstance(settings, Settings):
        settings = _settings(dict(settings), origin)
    faults = []
    for number, override in enumerate(settings.overrides, start=1):
        try:
            facts = facts.with_value(override.set, override.value)
        except DataError as error:
            faults += [replace(fault, where=f"{origin}, overrides {number}: {fault.where}") for fault in error.faults]
    if faults:
        raise DataError(faults)
    model = Model(settings, facts, origin)
    _check_against_facts(model)
    return model


def bundled_models() -> dict[str, Path]:
    """Name and path of every bundled model."""
    import procure.models

    folder = Path(str(procure.models.__path__[0]))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def _find(name: str | Path) -> Path:
    bundled = bundled_models()
    if str(name) in bundled:
        return bundled[str(name)]
    path = Path(name)
    if path.suffix != ".toml":
        raise DataError(
            Fault(str(name), "no bundled model has this name", "a model is a bundled name or a path to a .toml file",
                  nearest(str(name), bundled))
        )  # fmt: skip
    if not path.is_file():
        raise DataError(Fault(str(name), "no such file", "a model file exists", nearest(path.stem, bundled)))
    return path


def _read(path: Path) -> str:
    size = path.stat().st_size
    if size > MAX_MODEL_BYTES:
        raise DataError(
            Fault(path.name, f"{size:,} bytes", f"a model file has at most {MAX_MODEL_BYTES:,} bytes",
                  "put tables into a facts folder")
        )  # fmt: skip
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            Fault(path.name, f"byte {error.start} is not UTF-8", "a model file is UTF-8", "save it as UTF-8")
        ) from None
    return text.replace("\r\n", "\n")


def _facts_of(settings: Settings, path: Path) -> Facts:
    choice = settings.model.facts
    if choice == "bundled":
        return load_facts()
    folder = (path.parent / choice).resolve()
    if Path(choice).is_absolute() or not folder.is_relative_to(path.parent.resolve()):
        raise DataError(
            Fault(f"{path.name}, model.facts", f"'{choice}' leads outside the model's folder",
                  "a facts folder stands beside its model file or below it", "copy the folder there")
        )  # fmt: skip
    if not folder.is_dir():
        raise DataError(
            Fault(
                f"{path.name}, model.facts", f"no folder '{choice}'", "facts is 'bundled' or a folder beside the file"
            )
        )
    return load_facts(folder, extend=settings.model.extend)


def _settings(document: dict[str, Any], origin: str) -> Settings:
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise DataError([_fault(dict(detail), origin) for detail in error.errors()]) from None


def _fault(detail: dict[str, Any], origin: str) -> Fault:
    """A fault of pydantic in our words: the key as written in the file, what was seen, the rule, the remedy."""
    place: tuple[Any, ...] = detail["loc"]
    key = ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in place)
    where = f"{origin}, {key}" if key else origin
    kind, seen = detail["type"], detail.get("input")
    if kind == "extra_forbidden":
        owner = place[:-1]
        return Fault(where, f"unknown key '{place[-1]}'", "unknown keys are faults",
                     nearest(str(place[-1]), _keys_at(owner)))  # fmt: skip
    if kind == "missing":
        return Fault(where, "the key is missing", "this key is required", f"add '{place[-1]}'")
    shown = repr(seen)
    shown = shown if len(shown) < 60 else shown[:57] + "..."
    if kind == "value_error" and not isinstance(seen, (str, int, float)):
        shown = "the values do not fit together"
    else:
        shown = f"value is {shown}"
    message = str(detail["msg"]).removeprefix("Value error, ")
    remedy = ""
    if kind == "literal_error" and isinstance(seen, str):
        options = [part.strip(" '") for part in str(detail["ctx"]["expected"]).replace(" or ", ", ").split(",")]
        remedy = nearest(seen, options)
    return Fault(where, shown, message[:1].lower() + message[1:], remedy)


def _keys_at(place: tuple[Any, ...]) -> list[str]:
    """The keys allowed at one place of the file."""
    kinds: dict[str, type[BaseModel]] = {"limits": LimitChoices, "overrides": Override, "suppliers": SupplierChoices}
    here: type[BaseModel] = Settings
    for part in place:
        if isinstance(part, int):
            continue
        if part in kinds and here is Settings:
            here = kinds[part]
            continue
        field = here.model_fields.get(str(part))
        if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            here = field.annotation
    return [field.alias or name for name, field in here.model_fields.items()]


def _find_choice(document: dict[str, Any], path: str) -> tuple[dict[str, Any], str] | None:
    """The table of the document and the key that `path` names, or None where it names no choice."""
    head, *rest = path.split(".")
    if head not in Settings.model_fields or not rest:
        return None
    if head == "limits":
        for limit in document.get("limits", ()):
            if limit["name"] == rest[0] and len(rest) == 2 and rest[1] in _keys_at(("limits",)):
                return _own(document, "limits", limit), rest[1]
        return None
    if head == "suppliers":
        if len(rest) == 2 and rest[1] in SupplierChoices.model_fields:
            return document.setdefault("suppliers", {}).setdefault(rest[0], {}), rest[1]
        return None
    if head == "overrides":
        return None
    owner = document.setdefault(head, {})
    here: Any = Settings.model_fields[head].annotation
    for part in rest[:-1]:
        field = here.model_fields.get(part) if isinstance(here, type) and issubclass(here, BaseModel) else None
        if field is None:
            return None
        owner, here = owner.setdefault(part, {}), field.annotation
    is_table = isinstance(here, type) and issubclass(here, BaseModel)
    if (is_table and rest[-1] in here.model_fields) or (not is_table and isinstance(owner, dict) and len(rest) > 1):
        return owner, rest[-1]
    return None


def _own(document: dict[str, Any], key: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row of a list of tables, made mutable in place."""
    rows = [dict(item) for item in document[key]]
    position = [item["name"] for item in rows].index(row["name"])
    document[key] = rows
    return rows[position]


def _is_choice(path: str) -> bool:
    return path.split(".")[0] in ("model", "risk", "world", "limits")


def _nearest_choice(path: str) -> str:
    head, *rest = path.split(".")
    if head == "limits" and len(rest) < 2:
        return "write limits.<name>.max"
    return nearest(rest[-1] if rest else head, _keys_at((head, *rest[:-1])))


def _check_against_facts(model: Model) -> None:
    """Names in the choices that the facts do not have, all of them."""
    from procure.errors import Fault

    settings, facts, origin = model.settings, model.facts, model.origin
    faults: list[Fault] = []

    def known(where: str, name: str, names: Any, what: str) -> None:
        if name not in set(names):
            faults.append(
                Fault(
                    f"{origin}, {where}", f"'{name}' is not {what}", "names come from the facts", nearest(name, names)
                )
            )

    elements = facts.tables["elements"]["element"].tolist()
    suppliers = facts.tables["suppliers"]
    supplier_names = suppliers["supplier"].tolist()
    classes = set(facts.tables["elements"][f"class_{settings.model.classes}"].dropna()) if elements else set()
    if settings.model.elements != "all":
        if not settings.model.elements:
            faults.append(Fault(f"{origin}, model.elements", "the list is empty", "a model has at least one element"))
        for element in settings.model.elements:
            known("model.elements", element, elements, "an element of the facts")
    programmes = facts.tables["programmes"]
    for name, supplier in settings.suppliers.items():
        known("suppliers", name, supplier_names, "a supplier of the facts")
        own = programmes.loc[programmes["supplier"] == name, "programme"].unique().tolist()
        for programme in supplier.programmes:
            known(f"suppliers.{name}.programmes", programme, own, f"a programme of {name}")
    states = facts.tables["states"]
    for chain, state in settings.world.start.items():
        known("world.start", chain, states["chain"].unique().tolist(), "a chain of the facts")
        own = states.loc[states["chain"] == chain, "state"].tolist()
        if own:
            known(f"world.start.{chain}", state, own, f"a state of {chain}")
    if settings.world.tree.primary is not None:
        known("world.tree.primary", settings.world.tree.primary, states["chain"].unique().tolist(), "a chain")
    for year in settings.world.tree.branch:
        if year not in model.years:
            faults.append(
                Fault(f"{origin}, world.tree.branch", f"{year} is outside {model.years[0]} to {model.years[-1]}",
                      "the tree branches in years of the model")
            )  # fmt: skip
    countries = suppliers["country"].unique().tolist()
    for limit in settings.limits:
        where = f"limits.{limit.name}"
        if limit.supplier is not None:
            known(where, limit.supplier, supplier_names, "a supplier of the facts")
        if limit.country is not None:
            known(where, limit.country, countries, "a country of a supplier")
        known(where, limit.scope, ["all", *sorted(classes), *elements], "a class or an element")
        for year in (limit.first, limit.last):
            if year is not None and not model.years[0] <= year <= model.years[-1]:
                faults.append(
                    Fault(f"{origin}, {where}", f"{year} is outside {model.years[0]} to {model.years[-1]}",
                          "a limit holds in years of the model")
                )  # fmt: skip
    if faults:
        raise DataError(faults)
