"""A portfolio model: choices and facts together, and copies of it with numbers changed by their dotted path.

One dotted path names a choice (``risk.weight``) or a number of the facts (``suppliers.china.depth.controlled_2026_01.ban``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from procure.errors import KEEP_ONE, DataError, Fault
from procure.facts import Facts
from procure.languages import Said, named
from procure.limits import KINDS
from procure.model.choices import READ_ONCE, Settings
from procure.model.extension import NO_EXTENSION, Extension, Given, Write
from procure.model.names import unknown_names
from procure.model.paths import place_of, plain, put, with_choices
from procure.model.presets import asked_for, with_presets
from procure.words import listed


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
    changes : tuple of (path, value)
        What was changed since the model was loaded, as it was written: its title says so.
    extension : Extension
        Rows and costs of one's own: see `extended`.
    """

    settings: Settings
    facts: Facts
    origin: str
    numbers_set: tuple[str, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()
    extension: Extension = NO_EXTENSION

    @property
    def name(self) -> str:
        """The model's name."""
        return self.settings.model.name

    @property
    def years(self) -> tuple[int, ...]:
        """Every year that is solved: those of the model, and those beyond the last of them."""
        first, last = self.settings.model.years
        return tuple(range(first, last + self.settings.model.beyond + 1))

    @property
    def told_years(self) -> tuple[int, ...]:
        """Every year of which the answer tells."""
        return self.years[: len(self.years) - self.settings.model.beyond]

    @property
    def title(self) -> Said:
        """What people call the model, and what of it was changed.

        >>> from procure import load_model
        >>> print(load_model("two-class").with_(**{"risk.weight": 0.5}).title)
        Two classes, four suppliers, one year, with risk.weight = 0.5
        """
        title = named(self.settings.model.title, self.name)
        if not self.changes:
            return title
        told = listed([f"{path} = {value}" for path, value in self.changes], most=3)
        return Said("{title}, with {changes}", "{title}（変更: {changes}）").format(title=title, changes=told)

    def with_(self, **changes: Any) -> Model:
        """A copy with choices or numbers of the facts changed, all at once; the model itself stays as it is.

        Parameters
        ----------
        **changes : number, text, bool, list or dict, by dotted path
            Of a choice: what its key takes in a model file; shares may be written in per cent (``"60 %"``). Of a number of
            the facts: a plain number in the unit of the model, as `Facts.value` returns it (t, years, episodes in months,
            USD/kg, thousand USD), or a text that says its unit, any that converts (``"90 t/yr"``, ``"6400 USD/kg"``,
            ``"65 %"``). On the command line and in the overrides of a model file a plain number is in the unit in which
            its table lists it.

        Returns
        -------
        Model
            With the changed choices and facts; the other tables are shared, not copied.

        Raises
        ------
        DataError
            Listing every fault: an unknown path (with the nearest valid one), a value its key does not take, a unit that
            does not convert, chances that no longer sum to one, names that the facts lack.

        >>> from procure import load_model
        >>> model = load_model("two-class")
        >>> model.with_(**{"risk.weight": 0.5}).settings.risk.weight
        0.5
        >>> model.with_(**{"demand.light.2027": "20 kt/yr"}).facts.value("demand.light.2027")
        20000.0
        """
        return self.changed(changes)

    def extended(
        self, plan: Write | None = None, period: Write | None = None, numbers: Mapping[str, Given] | None = None
    ) -> Model:
        """A copy with rows, decisions and costs of one's own beside those of the formulation, in Pyomo.

        Parameters
        ----------
        plan, period : function (block, sets) -> None, optional
            Adds to the block what is decided now, or what happens in one period: constraints, linear in the decisions and affine
            in the data; variables; and costs, each an objective in kUSD (`pyomo.environ.Objective`), discounted as the period
            is. The block has the sets, decisions and data of `formulation/plan.py` and `formulation/period.py`;
            ``block.given(name, *sets, unit=...)`` declares a datum.
        numbers : mapping, optional
            What is given: for every datum a number, numbers by index, or a function of what limits may ask of the market
            (`procure.market.asked.Asked`) that returns either, in a period also arrays over its nodes.

        Returns
        -------
        Model
            Solved, compiled, swept and explained as any other; a number moves by its path, ``extension.<name>`` or
            ``extension.<name>.<index>``. Rows are priced and explained under their names. Functions come from Python only,
            never from a model file; to sweep in several processes, define them in a module.

        Raises
        ------
        DataError
            When it is solved: a row that is not linear, a datum without a number, a number that no row declares.

        >>> from procure import load_model, solve
        >>> def port(block, sets):
        ...     room = block.given("port_capacity", unit="t/yr")
        ...     block.through_port = pyo.Constraint(expr=sum(block.contract[s, e, 2027] for s, e in sets.offers) <= room)
        >>> import pyomo.environ as pyo
        >>> model = load_model("two-class").extended(plan=port, numbers={"port_capacity": 5_400})
        >>> limits = solve(model).limits
        >>> limits[limits["limit"] == "through_port"][["value", "bound"]].round().values.tolist()
        [[5400.0, 5400.0]]
        """
        extension = self.extension.with_more(plan, period, numbers or {})
        return replace(self, extension=extension)

    def limited(self, *limits: str | Mapping[str, Any]) -> Model:
        """A copy with more limits beside its own: those of policies by their names in `policies.csv`, others as a file writes them.

        Raises `DataError` where no policy has a name, where the model has a limit of it, or where the limit needs to be told more.

        >>> from procure import load_model
        >>> japan = load_model("japan").limited("jogmec-60", {"outage": "90 %", "lost": ["china", "lynas"], "months": 12})
        >>> [limit.name for limit in japan.settings.limits]
        ['china_heavy_share', 'jogmec_60', 'outage']
        >>> print(japan.title)
        Japan's rare-earth portfolio, 2027-2036, with limits.jogmec_60.min = 60 days, limits.outage.max = 90 %
        """
        document = with_presets(asked_for(self._document(), limits), self.facts, self.origin)
        settings = in_numbers(Settings.checked(document, self.origin), self.facts, self.origin)
        if faults := unknown_names(settings, self.facts, self.origin):
            raise DataError(faults)
        added = settings.limits[len(self.settings.limits) :]
        told = {
            f"limits.{limit.name}.{KINDS[limit.kind].sense}": KINDS[limit.kind].measured_in.text(limit.bound)
            for limit in added
        }
        return replace(self, settings=settings, changes=tuple((dict(self.changes) | told).items()))

    def changed(self, changes: Mapping[str, Any], *, as_written: bool = False) -> Model:
        """`with_`, from a mapping; with `as_written` plain numbers of the facts are in the unit in which their rows are written."""
        document = self._document()
        faults: list[Fault] = []
        choices, values, extension = dict[str, Any](), dict[str, Any](), self.extension
        for path, value in changes.items():
            if path in READ_ONCE:
                remedy = Said("load the model again, with its own facts", "データを指定してモデルを読み直す")
                faults.append(
                    Fault(
                        path,
                        Said("the facts are read already", "データは読み込み済み"),
                        Said("tables are chosen when a model is loaded", "表はモデルを読むときに選ぶ"),
                        remedy,
                    )
                )
            elif path.split(".")[0] == "extension":
                outcome = extension.changed(path, plain(value))
                if isinstance(outcome, Fault):
                    faults.append(outcome)
                else:
                    extension = outcome
            elif (place := place_of(path, self.settings)) is not None:
                put(document, place, plain(value))
                choices[path] = plain(value)
            else:
                values[path] = plain(value)
        settings, facts = self.settings, self.facts
        if choices:
            try:
                settings = Settings.checked(document, self.origin)
            except DataError as error:
                faults += error.faults
        try:  # all together: chances that sum to one change together
            facts = facts.with_values(values, as_written=as_written) if values else facts
        except DataError as error:
            faults += [with_choices(fault, self.settings, self.facts) for fault in error.faults]
        try:
            settings = in_numbers(settings, facts, self.origin)
        except DataError as error:
            faults += error.faults
        # What counted when it was set need not count under other choices: a supplier may be switched off afterwards.
        before = self.numbers_set if settings is self.settings else ()
        numbers_set = tuple(dict.fromkeys((*before, *values)))
        # A number with a decimal point is no name and no year.
        names = settings is not self.settings and not all(isinstance(value, float) for value in choices.values())
        faults += unknown_names(settings, facts, self.origin) if names else []
        if faults:
            raise DataError(faults)
        units = {
            path: facts.unit(path, as_written=as_written)
            for path, value in values.items()
            if not isinstance(value, str)
        }
        told = {path: _as_written(plain(value), units.get(path, "")) for path, value in changes.items()}
        return replace(
            self, settings=settings, facts=facts, numbers_set=numbers_set, extension=extension,
            changes=tuple((dict(self.changes) | told).items()),
        )  # fmt: skip

    def table_of(self, path: str) -> str | None:
        """The table of the facts whose number `path` names, or None where it names none of them."""
        return self.facts.locate(path)[0] if self.is_number_of_facts(path) else None

    def is_number_of_facts(self, path: str) -> bool:
        """Whether a path names neither a choice nor a number of an extension."""
        return path.split(".")[0] != "extension" and place_of(path, self.settings) is None

    def _document(self) -> dict[str, Any]:
        """The choices as a model file would write them, those it leaves out left out."""
        return self.settings.model_dump(by_alias=True, exclude_unset=True)


def _as_written(value: Any, unit: str) -> str:
    """A value as a model file or a command would give it, with the unit that it is in."""
    if isinstance(value, float | int) and not isinstance(value, bool):
        style = "g" if unit == "year" else ",.10g"
        return f"{value:{style}} {'' if unit in ('1', 'year') else unit}".rstrip()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def make_model(settings: Settings | Mapping[str, Any], facts: Facts, origin: str = "model") -> Model:
    """A model from choices and facts, without a file.

    Parameters
    ----------
    settings : Settings or mapping
        The choices, checked already or as a mapping like the TOML file.
    facts : Facts
        The tables; the overrides of the choices are applied to a copy.
    origin : str
        What errors call the place of the choices.

    Returns
    -------
    Model
        Whose `facts` have the overrides in them.

    Raises
    ------
    DataError
        Listing every fault of the choices, of the overrides, and every name that the facts lack.

    >>> from procure import load_facts
    >>> make_model({"model": {"name": "mine", "years": [2027, 2029]}}, load_facts()).years
    (2027, 2028, 2029)
    """
    if not isinstance(settings, Settings):
        settings = Settings.checked(with_presets(settings, facts, origin), origin)
    facts, faults = _overridden(settings, facts, origin)
    try:
        settings = in_numbers(settings, facts, origin)
    except DataError as error:
        faults += error.faults
    faults += unknown_names(settings, facts, origin)
    if faults:
        raise DataError(faults)
    return Model(settings, facts, origin, tuple(override.set for override in settings.overrides))


def in_numbers(settings: Settings, facts: Facts, origin: str) -> Settings:
    """The choices, bounds in a currency converted at the rates of the facts; `DataError` with every one that is unknown."""
    limits, faults = [], []
    for limit in settings.limits:
        try:
            limits.append(limit.at(facts.units))
        except ValueError as error:
            known = ["USD", *facts.units.rates]
            rule = Said("a currency is one of the facts", "通貨はデータにあるもの")
            remedy = Said("write it in one of {known}", "次のいずれかで書く: {known}").format(known=listed(known))
            if any(re.search(rf"\b{currency}\b", str(error)) for currency in facts.units.rates):
                rule = Said(
                    "a bound is in million USD, or what converts to it", "限度は百万ドルか、それに換算できる単位"
                )
                remedy = Said('write for example "10 bn {currency}"', '例えば "10 bn {currency}" と書く').format(
                    currency=known[1]
                )
            faults.append(Fault(f"{origin}, limits.{limit.name}", error.args[0], rule, remedy))
    if faults:
        raise DataError(faults)
    return settings if tuple(limits) == settings.limits else settings.model_copy(update={"limits": tuple(limits)})


def _overridden(settings: Settings, facts: Facts, origin: str) -> tuple[Facts, list[Fault]]:
    """The facts with the numbers of the overrides, all at once, and what is wrong with them."""
    faults: list[Fault] = []
    number: dict[str, int] = {}  # full path -> which override sets it
    for position, override in enumerate(settings.overrides, start=1):
        try:
            full = facts.resolve(override.set)
        except DataError as error:
            faults += [
                replace(fault, where=f"{origin}, overrides.{position}.set: " + fault.where) for fault in error.faults
            ]
            continue
        if full in number:
            where, seen = (
                f"{origin}, overrides.{position}.set",
                Said("'{full}' is set by override {said} already", "'{full}' は上書き {said} で設定済み").format(
                    full=full, said=number[full]
                ),
            )
            faults.append(
                Fault(
                    where,
                    seen,
                    Said("a number is set once", "一つの数値の設定は一度だけ"),
                    KEEP_ONE,
                )
            )
        number.setdefault(full, position)
    try:
        values = {full: settings.overrides[position - 1].value for full, position in number.items()}
        facts = facts.with_values(values, as_written=True)
    except DataError as error:
        for fault in error.faults:
            which = f".{number[fault.where]}" if fault.where in number else ""
            faults.append(replace(fault, where=f"{origin}, overrides{which}: " + fault.where))
    return facts, faults
