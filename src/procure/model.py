"""A portfolio model: the choices of one TOML file, checked and frozen, beside the facts they choose from.

The file holds choices (which elements, suppliers, years, risk weights, limits) and overrides of single numbers with a
reason; the numbers themselves live in the tables of `facts`. One dotted path names either: ``risk.weight`` is a choice,
``suppliers.china.depth.medium_heavy.ban`` a number.
"""

from __future__ import annotations

import numbers
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from procure.errors import DataError, Fault, nearest
from procure.facts import Facts, load_facts
from procure.facts.conversion import as_float, quantity

#: Largest model file that is read, bytes.
MAX_MODEL_BYTES = 1_000_000
FIRST_YEAR, LAST_YEAR = 2000, 2100


def _wrong(seen: str, rule: str, remedy: str) -> PydanticCustomError:
    """A fault in our own words, on its way through pydantic."""
    return PydanticCustomError("fault", "{rule}", {"seen": seen, "rule": rule, "remedy": remedy})


def _each_once(items: Any) -> Any:
    twice = [] if isinstance(items, str) else [item for k, item in enumerate(items) if item in items[:k]]
    if twice:
        raise _wrong(f"'{twice[0]}' stands there again", "each is named once", "keep one of them")
    return items


def _all_or_list(items: Any) -> Any:
    if items != "all" and not isinstance(items, (list, tuple)):
        raise _wrong(f"value is {items!r}", "it is 'all' or a list of elements", "write a list in brackets")
    return items


def _pair(years: Any) -> Any:
    if not isinstance(years, (list, tuple)) or len(years) != 2:
        raise _wrong(f"value is {_short(years)}", "it is a list of two years", "write [first, last]")
    return years


def _number_or_text(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        rule, remedy = "it is a number, or text with a unit", """write digits, or for example "90 t/yr\""""
        raise _wrong(f"value is {_short(value)}", rule, remedy)
    return value if isinstance(value, str) else as_float(value)


def _percent(value: Any) -> Any:
    """A share written as "65 %"; anything else as it is."""
    said = quantity(value) if isinstance(value, str) else None
    return said[0] / 100 if said is not None and said[1] == "%" else value


# Text is no number, but for a share in per cent, and neither is true: a file that says so is mistaken about the key.
Number = Annotated[float, Strict()]
Share = Annotated[float, Strict(), BeforeValidator(_percent)]
Whole = Annotated[int, Strict()]
Truth = Annotated[bool, Strict()]
Names = Annotated[tuple[str, ...], AfterValidator(_each_once)]


class _Choices(BaseModel):
    """Unknown keys are faults, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, str_strip_whitespace=True)


class ModelChoices(_Choices):
    """What is modelled: name, years, elements, and the facts it stands on."""

    name: str = Field(min_length=1, pattern=r"^[a-z0-9][a-z0-9_-]*$")
    title: dict[Literal["en", "ja"], str] = {}
    years: Annotated[tuple[Whole, Whole], BeforeValidator(_pair)]
    periods_per_year: Whole = Field(1, ge=1, le=52)
    discount_rate: Share = Field(0.03, ge=0, le=0.5)
    facts: str = Field("bundled", min_length=1)
    extend: Truth = True
    elements: Annotated[Literal["all"] | Names, BeforeValidator(_all_or_list)] = "all"
    classes: Literal["default", "textbook", "jogmec"] = "default"
    currency: str = "USD"
    highlight: Names = ()  # elements that always have a line of their own in the answer

    @field_validator("years")
    @classmethod
    def _years_in_order(cls, years: tuple[int, int]) -> tuple[int, int]:
        first, last = years
        if not FIRST_YEAR <= first <= last <= LAST_YEAR:
            rule = f"years run from the first to the last, within {FIRST_YEAR} and {LAST_YEAR}"
            raise _wrong(f"value is [{first}, {last}]", rule, "write [first, last]")
        return years


class RiskChoices(_Choices):
    """How cost is weighed: (1 - weight) mean + weight CVaR at level alpha (0.95 averages the worst 5 %)."""

    alpha: Share = Field(0.95, ge=0, lt=1)
    weight: Share = Field(0.0, ge=0, le=1)


class TreeChoices(_Choices):
    """How the futures branch: every state in the years of `branch`, drawn elsewhere, within `nodes` nodes.

    `nodes` is that of a model in years. With shorter periods a path has more nodes, and the tree `periods_per_year` times as
    many: as many paths. A year of `branch` branches in its first period.
    """

    branch: Annotated[tuple[Whole, ...], AfterValidator(_each_once)] = ()
    nodes: Whole = Field(1500, ge=1, le=200_000)
    seed: Whole = Field(1, ge=0)
    primary: str | None = None


class WorldChoices(_Choices):
    """Which variant of the risks, where they stand today, and how the tree is made."""

    variant: Literal["optimistic", "base", "pessimistic"] = "base"
    start: dict[str, str] = {}
    tree: TreeChoices = TreeChoices()
    scenarios: Truth = False  # True: the futures are the table `scenarios` of the facts


class DemandChoices(_Choices):
    """Which reading of demand, whether it is uncertain, and whether orders are placed before it is seen."""

    case: Literal["low", "base", "high"] = "base"
    uncertain: Literal["none", "yearly", "persistent"] = "none"
    orders: Literal["after", "before"] = "after"


class StockChoices(_Choices):
    """When stock may be drawn: in a disruption, where a supplier of the element is in another state than its first; or always."""

    release: Literal["disruption", "always"] = "disruption"


class ShortageChoices(_Choices):
    """The scale of all shortage costs: 1.2 reproduces NRI's loss, 3.4 Daiwa's, 5 IMF's."""

    scale: Number = Field(1.0, ge=0, le=1000)


class SupplierChoices(_Choices):
    """Choices on one supplier; naming an optional supplier switches it on, ``enabled = false`` switches one off."""

    enabled: Truth = True
    programmes: Names = ()
    price_rule: Literal["fixed", "index", "floor", "floor_rebate"] | None = None
    payment: Literal["delivered", "ordered"] | None = None
    contracts: Literal["free", "committed", "none"] = "free"  # today's contracts and nothing else; none: all is called


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


class LimitChoices(_Choices):
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
    def _share_in_percent(cls, bound: Any, so_far: ValidationInfo) -> Any:
        return _percent(bound) if so_far.data.get("kind") in SHARES else bound

    @model_validator(mode="after")
    def _makes_sense(self) -> LimitChoices:
        wanted, other = ("min", "max") if self.kind in LEAST else ("max", "min")
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            has = " and ".join(f"'{key}'" for key in ("min", "max") if getattr(self, key) is not None) or "no bound"
            rule = f"a limit of kind '{self.kind}' has '{wanted}' and no '{other}'"
            raise _wrong(f"it has {has}", rule, f"write {wanted} = and the bound")
        if self.kind in SHARES and not 0 <= self.bound <= 1:
            raise _wrong(f"{wanted} is {self.bound:g}", "a share lies between 0 and 1", "write 0.65 for 65 %")
        if self.bound < 0:
            raise _wrong(f"{wanted} is {self.bound:g}", "a bound is >= 0", "check the sign")
        if self.kind in ("share", "domestic_share") and (self.supplier is None) == (self.country is None):
            seen, remedy = ("it has neither", "add one") if self.supplier is None else ("it has both", "keep one")
            raise _wrong(seen, f"a limit of kind '{self.kind}' names a supplier or a country", remedy)
        written = {LimitChoices.model_fields[name].alias or name for name in self.model_fields_set}
        for key in sorted(written - {"name", "kind", wanted, "tag", "note", *READS[self.kind]}):
            reads = ", ".join(READS[self.kind]) or "nothing else"
            raise _wrong(f"it has '{key}'", f"a limit of kind '{self.kind}' reads {reads}", f"leave out '{key}'")
        if self.first is not None and self.last is not None and self.first > self.last:
            raise _wrong(f"from {self.first} to {self.last}", "years run from first to last", "turn them round")
        return self

    @property
    def bound(self) -> float:
        """The bound, whichever way it goes: a share of demand, days of use, USD million, or t per t."""
        bound = self.min if self.kind in LEAST else self.max
        return float("nan") if bound is None else bound


class Override(_Choices):
    """A single number of the facts, set with its reason: in the unit in which its row is written, or as text with a unit."""

    set: str
    value: Annotated[float | str, PlainValidator(_number_or_text)]
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
            raise _wrong(
                f"two limits are called '{twice[0]}'", "each limit has a name of its own", "rename one of them"
            )
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
    numbers_set : tuple of str
        Paths of the numbers of the facts that were set under these choices: each must be one that the model reads, which is
        seen when it is solved or checked.
    """

    settings: Settings
    facts: Facts
    origin: str
    numbers_set: tuple[str, ...] = ()

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
        """A copy with choices or facts changed by dotted path, all at once.

        A plain number of the facts is in the unit of the model, as `Facts.value` returns it: t, years (episodes in months),
        USD/kg, thousand USD. A text says its unit, any that converts: ``"90 t/yr"``, ``"6400 USD/kg"``, ``"65 %"``. (On the command
        line and in the overrides of a model file a plain number is in the unit in which its table lists it.)

        Raises `DataError` for an unknown path (with the nearest valid one), for a value its key does not take and for a unit
        that does not convert. Of the choices, shares may be written in per cent too: ``{"limits.china_heavy_share.max": "60 %"}``.

        >>> model = load_model("two-class")
        >>> model.with_(**{"risk.weight": 0.5}).settings.risk.weight
        0.5
        >>> model.with_(**{"demand.light.2027": "20 kt/yr"}).facts.value("demand.light.2027")
        20000.0
        """
        return self.changed(changes)

    def changed(self, changes: Mapping[str, Any], *, as_written: bool = False) -> Model:
        """`with_`, from a mapping; with `as_written` plain numbers of the facts are in the unit in which their rows are written."""
        document = self.settings.model_dump(by_alias=True, exclude_unset=True)
        faults: list[Fault] = []
        values: dict[str, Any] = {}
        for path, value in changes.items():
            if path in READ_ONCE:
                remedy = "load the model again, with its own facts"
                faults.append(
                    Fault(path, "the facts are read already", "tables are chosen when a model is loaded", remedy)
                )
            elif (spot := _find_choice(document, path)) is not None:
                owner, key = spot
                owner[key] = _plain(value)
            else:
                values[path] = _plain(value)
        settings, facts = self.settings, self.facts
        if len(values) < len(changes):
            try:
                settings = _settings(document, self.origin)
            except DataError as error:
                faults += error.faults
        try:  # all together: chances that sum to one change together
            facts = facts.with_values(values, as_written=as_written) if values else facts
        except DataError as error:
            faults += [_with_choices(fault, self) for fault in error.faults]
        # What counted when it was set need not count under other choices: a supplier may be switched off afterwards.
        before = self.numbers_set if settings is self.settings else ()
        numbers_set = tuple(dict.fromkeys((*before, *values)))
        changed = replace(self, settings=settings, facts=facts, numbers_set=numbers_set)
        faults += _unknown_names(changed) if settings is not self.settings else []
        if faults:
            raise DataError(faults)
        return changed

    def table_of(self, path: str) -> str | None:
        """The table of the facts whose number `path` names, or None where it names a choice."""
        if _find_choice(self.settings.model_dump(by_alias=True, exclude_unset=True), path) is not None:
            return None
        return self.facts.locate(path)[0]


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
    document = _parse(_read(path), path.name)
    settings, faults = None, []
    try:
        settings = _settings(document, path.name)
    except DataError as error:
        faults += error.faults
    try:
        facts = _facts_of(document, path) if facts is None else facts
    except DataError as error:
        faults += error.faults
    if settings is None or facts is None or faults:
        raise DataError(faults)
    return make_model(settings, facts, path.name)


def make_model(settings: Settings | Mapping[str, Any], facts: Facts, origin: str = "model") -> Model:
    """A model from choices (checked or as a mapping like the TOML file) and facts, without a file."""
    if not isinstance(settings, Settings):
        settings = _settings(dict(settings), origin)
    facts, faults = _overridden(settings, facts, origin)
    model = Model(settings, facts, origin, tuple(override.set for override in settings.overrides))
    faults += _unknown_names(model)
    if faults:
        raise DataError(faults)
    return model


def _overridden(settings: Settings, facts: Facts, origin: str) -> tuple[Facts, list[Fault]]:
    """The facts with the numbers of the overrides, all at once, and what is wrong with them."""
    faults: list[Fault] = []
    number: dict[str, int] = {}  # full path -> which override sets it
    for position, override in enumerate(settings.overrides, start=1):
        try:
            full = facts.resolve(override.set)
        except DataError as error:
            faults += [
                replace(fault, where=f"{origin}, overrides.{position}.set: {fault.where}") for fault in error.faults
            ]
            continue
        if full in number:
            where, seen = f"{origin}, overrides.{position}.set", f"'{full}' is set by override {number[full]} already"
            faults.append(Fault(where, seen, "a number is set once", "keep one of them"))
        number.setdefault(full, position)
    try:
        values = {full: settings.overrides[position - 1].value for full, position in number.items()}
        facts = facts.with_values(values, as_written=True)
    except DataError as error:
        for fault in error.faults:
            which = f".{number[fault.where]}" if fault.where in number else ""
            faults.append(replace(fault, where=f"{origin}, overrides{which}: {fault.where}"))
    return facts, faults


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
    rule = "a model is a bundled name or the path of a .toml file"
    if path.suffix != ".toml":
        raise DataError(Fault(_short(str(name)), "no bundled model has this name", rule, nearest(str(name), bundled)))
    try:
        found = path.is_file()
    except (OSError, ValueError):  # a name no file system takes
        found = False
    if not found:
        raise DataError(Fault(_short(str(name)), "no such file", rule, nearest(path.stem, bundled)))
    return path


def _read(path: Path) -> str:
    def fail(seen: str, rule: str, remedy: str) -> DataError:
        return DataError(Fault(path.name, seen, rule, remedy))

    try:
        if (size := path.stat().st_size) > MAX_MODEL_BYTES:
            rule = f"a model file has at most {MAX_MODEL_BYTES:,} bytes"
            raise fail(f"{size:,} bytes", rule, "put tables into a facts folder")
        raw = path.read_bytes()
    except OSError as error:
        raise fail(
            f"it cannot be read: {error.strerror}", "a model file is readable", "check its permissions"
        ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        seen = f"byte 0x{raw[error.start]:02x} in line {line} is not UTF-8"
        raise fail(seen, "a model file is UTF-8 text", "save it as UTF-8") from None


def _parse(text: str, origin: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # malformed, or a number or a nesting beyond all bounds
        seen = f"not TOML: {_short(str(error), 120)}"
        raise DataError(
            Fault(origin, seen, "a model file is TOML 1.0", "quote text, close brackets and lists")
        ) from None


def _facts_of(document: Mapping[str, Any], path: Path) -> Facts | None:
    """The facts the file names; None where what it says is no name (which is a fault of the choices)."""
    choices = document.get("model")
    choices = choices if isinstance(choices, dict) else {}
    choice, extend = choices.get("facts", "bundled"), choices.get("extend", True)
    if choice == "bundled":
        return load_facts()
    if not isinstance(choice, str) or not choice or not isinstance(extend, bool):
        return None
    where, rule = f"{path.name}, model.facts", "facts is 'bundled' or a folder beside the model file or below it"
    home = path.parent.resolve()
    try:
        folder = (home / choice).resolve()
        inside, exists = folder.is_relative_to(home), folder.is_dir()
    except (OSError, ValueError):  # a name no file system takes
        inside, exists = True, False
    if Path(choice).is_absolute() or not inside:
        raise DataError(Fault(where, f"'{choice}' leads outside the model's folder", rule, "copy the folder there"))
    if not exists:
        folders = [item.name for item in home.iterdir() if item.is_dir()]
        raise DataError(Fault(where, f"no folder {_short(choice)}", rule, nearest(choice, ["bundled", *folders])))
    return load_facts(folder, extend=extend)


def _short(seen: Any, width: int = 60) -> str:
    """What was seen, cut to one line of an error; a text in quotes if it is a value."""
    shown = seen if isinstance(seen, str) and width > 60 else repr(seen)
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def _settings(document: dict[str, Any], origin: str) -> Settings:
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        details: list[dict[str, Any]] = [dict(detail) for detail in error.errors()]
        # Where 'all' or a list may stand, a bad list is reported as not 'all' too.
        details = [detail for detail in details if not str(detail["loc"][-1:]).startswith('("literal[')]
        raise DataError([_fault(detail, document, origin) for detail in details]) from None


#: Rule and remedy for what pydantic calls a fault of type.
TYPES = {
    "float_type": ("it is a number", "write digits, without quotes"),
    "int_type": ("it is a whole number", "write digits, without quotes and decimal point"),
    "bool_type": ("it is true or false", "write true or false, without quotes"),
    "string_type": ("it is text", "put it in quotes"),
    "string_too_short": ("it is not empty", "fill it in"),
    "tuple_type": ("it is a list", "write it in brackets; tables of a list as [[name]]"),
    "dict_type": ("it is a table of keys", "write [name] above its keys"),
    "model_type": ("it is a table of keys", "write [name] above its keys"),
    "finite_number": ("it is a finite number", "leave the key out where there is no limit"),
}
BOUNDS = {
    "greater_than_equal": ("ge", ">="),
    "greater_than": ("gt", ">"),
    "less_than_equal": ("le", "<="),
    "less_than": ("lt", "<"),
}


def _fault(detail: dict[str, Any], document: Mapping[str, Any], origin: str) -> Fault:
    """A fault of pydantic in our words: the key as written in the file, what was seen, the rule, the remedy."""
    place = tuple(part for part in detail["loc"] if not _is_of_pydantic(part))
    where = f"{origin}, {_spelled(place, document)}" if place else origin
    kind, seen, context = detail["type"], detail.get("input"), detail.get("ctx", {})
    value = f"value is {_short(seen)}"
    if kind == "fault":
        return Fault(where, context["seen"], context["rule"], context["remedy"])
    if kind == "extra_forbidden":
        remedy = nearest(str(place[-1]), _keys_at(place[:-1]))
        return Fault(where, f"unknown key '{place[-1]}'", "unknown keys are faults", remedy)
    if kind == "missing":
        return Fault(where, "the key is missing", "this key is required", f"add '{place[-1]}'")
    if kind == "literal_error":
        options = [part.strip(" '") for part in str(context["expected"]).replace(" or ", ", ").split(",")]
        return Fault(where, value, f"it is one of {', '.join(options)}", nearest(str(seen), options))
    if kind in BOUNDS:
        limit, sign = BOUNDS[kind]
        return Fault(where, value, f"it is {sign} {context[limit]:g}", "check sign and decimal point")
    if kind == "string_pattern_mismatch":
        return Fault(where, value, f"a name matches {context['pattern']}", "use letters, digits and underscores")
    rule, remedy = TYPES.get(kind, (str(detail["msg"]), "see models/japan.toml for an example"))
    return Fault(where, value, rule, remedy)


def _is_of_pydantic(part: Any) -> bool:
    """Whether a part of a place is pydantic's name for a branch of a union or the key of a mapping, not the file's."""
    return isinstance(part, str) and part.startswith(("tuple[", "literal[", "function-", "[key]"))


def _spelled(place: tuple[Any, ...], document: Mapping[str, Any]) -> str:
    """The place of a fault as a path: limits by their name, other items of a list by their number."""
    if len(place) > 1 and place[0] == "limits":
        limit = document["limits"][place[1]]
        if isinstance(limit, dict) and isinstance(limit.get("name"), str):
            place = ("limits", limit["name"] or place[1] + 1, *place[2:])
    return ".".join(str(part + 1) if isinstance(part, int) else str(part) for part in place)


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


#: Choices that say which tables are read; a model that is read cannot change them.
READ_ONCE = ("model.facts", "model.extend")


def _plain(value: Any) -> Any:
    """A number of NumPy as a number of Python; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return value
    return int(value) if isinstance(value, numbers.Integral) else float(value)


def _find_choice(document: dict[str, Any], path: str) -> tuple[dict[str, Any], str] | None:
    """The table of the document and the key that `path` names, or None where it names no choice."""
    head, *rest = path.split(".")
    if head not in Settings.model_fields or head == "overrides" or not rest:
        return None
    if head == "limits":
        names = [limit["name"] for limit in document.get("limits", ())]
        if len(rest) != 2 or rest[0] not in names or rest[1] not in _keys_at(("limits",)):
            return None
        document["limits"] = list(document["limits"])
        return document["limits"][names.index(rest[0])], rest[1]
    if head == "suppliers":
        if len(rest) != 2 or rest[1] not in SupplierChoices.model_fields:
            return None
        return document.setdefault("suppliers", {}).setdefault(rest[0], {}), rest[1]
    owner = document.setdefault(head, {})
    here: Any = Settings.model_fields[head].annotation
    for part in rest[:-1]:
        field = here.model_fields.get(part) if _is_table(here) else None
        if field is None:
            return None
        owner, here = owner.setdefault(part, {}), field.annotation
    if (_is_table(here) and rest[-1] in here.model_fields) or (not _is_table(here) and isinstance(owner, dict)):
        return owner, rest[-1]
    return None


def _is_table(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _with_choices(fault: Fault, model: Model) -> Fault:
    """A fault about an unknown path, its remedy looked for among the choices too."""
    if fault.seen != "no number has this path":
        return fault
    paths = [*_choice_paths(model), *model.facts.near(fault.where)]
    head = fault.where.split(".")[0]
    return replace(
        fault,
        where=fault.where or "a change without a path",
        seen="no choice and no number has this path",
        rule="a path names one choice or one number",
        remedy=nearest(fault.where, [path for path in paths if path.split(".")[0] == head] or paths),
    )


def _choice_paths(model: Model) -> list[str]:
    """Every dotted path of a choice."""
    paths = [
        f"{head}.{key}"
        for head in ("model", "risk", "world", "demand", "stock", "shortage")
        for key in _keys_at((head,))
    ]
    paths += [f"world.tree.{key}" for key in _keys_at(("world", "tree"))]
    paths += [
        f"suppliers.{name}.{key}"
        for name in model.facts.tables["suppliers"]["supplier"]
        for key in _keys_at(("suppliers",))
    ]
    paths += [f"limits.{limit.name}.{key}" for limit in model.settings.limits for key in _keys_at(("limits",))]
    return [path for path in paths if path not in (*READ_ONCE, "world.tree")]


def _unknown_names(model: Model) -> list[Fault]:
    """Names in the choices that the facts do not have, and years the model does not have."""
    settings, tables = model.settings, model.facts.tables
    faults: list[Fault] = []

    def known(where: str, name: str, names: Iterable[str], what: str) -> None:
        names = set(names)
        if name not in names:
            where, seen = f"{model.origin}, {where}", f"'{name}' is not {what}"
            faults.append(Fault(where, seen, "names come from the facts", nearest(name, names)))

    def within(where: str, year: int) -> None:
        if not model.years[0] <= year <= model.years[-1]:
            seen, rule = f"{year} is outside {model.years[0]} to {model.years[-1]}", "it is a year of the model"
            faults.append(Fault(f"{model.origin}, {where}", seen, rule, "change it, or model.years"))

    elements, suppliers, states = tables["elements"], tables["suppliers"], tables["states"]
    symbols = elements["element"].tolist()
    class_of = dict(zip(symbols, elements[f"class_{settings.model.classes}"], strict=True))
    traded = elements["element"][elements["traded"] & elements["element"].isin(tables["demand"]["element"])]
    chosen = list(traded) if settings.model.elements == "all" else list(settings.model.elements)
    if settings.model.elements != "all":
        for element in chosen:
            known("model.elements", element, symbols, "an element of the facts")
    for element in settings.model.highlight:
        known("model.highlight", element, symbols, "an element of the facts")
    if not chosen:
        remedy = "name some, or fill elements.csv and demand.csv"
        faults.append(Fault(f"{model.origin}, model.elements", "there are none", "a model has an element", remedy))
    known(
        "model.currency",
        settings.model.currency,
        ["USD", *tables["exchange_rates"]["currency"]],
        "a currency of the facts",
    )
    for name, supplier in settings.suppliers.items():
        known("suppliers", name, suppliers["supplier"], "a supplier of the facts")
        own = tables["programmes"].loc[tables["programmes"]["supplier"] == name, "programme"]
        for programme in supplier.programmes:
            known(f"suppliers.{name}.programmes", programme, own, f"a programme of {name}")
    for chain, state in settings.world.start.items():
        known("world.start", chain, states["chain"], "a chain of the facts")
        own = states.loc[states["chain"] == chain, "state"]
        if len(own):
            known(f"world.start.{chain}", state, own, f"a state of {chain}")
    if settings.world.tree.primary is not None:
        projects = [f"{supplier}_project" for supplier in tables["projects"]["supplier"]]
        others = [*tables["shocks"]["shock"], *projects, "demand"]
        known("world.tree.primary", settings.world.tree.primary, [*states["chain"], *others], "a chain of the facts")
    for year in settings.world.tree.branch:
        within("world.tree.branch", year)
    if settings.world.scenarios and not len(tables["scenarios"]):
        where, rule = f"{model.origin}, world.scenarios", "futures of one's own come from the table scenarios"
        faults.append(
            Fault(where, "the table is empty", rule, "add rows to scenarios.csv of the facts, or drop the key")
        )
    for limit in settings.limits:
        where = f"limits.{limit.name}"
        if limit.supplier is not None:
            known(f"{where}.supplier", limit.supplier, suppliers["supplier"], "a supplier of the facts")
        if limit.country is not None:
            known(f"{where}.country", limit.country, suppliers["country"], "a country of a supplier")
        known(f"{where}.scope", limit.scope, ["all", *class_of.values(), *symbols], "a class or an element")
        if limit.scope in (*class_of.values(), *symbols) and not {*chosen, *map(class_of.get, chosen)} & {limit.scope}:
            seen, rule = f"'{limit.scope}' holds no element of the model", "a limit speaks of something that is bought"
            faults.append(
                Fault(f"{model.origin}, {where}.scope", seen, rule, "drop the limit, or change model.elements")
            )
        for key, bound in (("from", limit.first), ("to", limit.last)):
            if bound is not None:
                within(f"{where}.{key}", bound)
    return faults
