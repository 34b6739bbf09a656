"""Names in the choices that the facts do not have, and years that are none."""

from __future__ import annotations

from collections.abc import Iterable

from procure.errors import Fault, nearest
from procure.facts import Facts
from procure.languages import Said
from procure.limits import KINDS
from procure.model.choices import FIRST_YEAR, LAST_YEAR, Settings
from procure.words import listed


def unknown_names(settings: Settings, facts: Facts, origin: str) -> list[Fault]:
    """A fault for every name in the choices that the facts do not have, and every year that is none."""
    reader = _Reader(settings, facts, origin)
    reader.read_model()
    reader.read_suppliers()
    reader.read_world()
    reader.read_reviews()
    reader.read_limits()
    return reader.faults


class _Reader:
    """Holds every name against the tables and collects the faults on the way."""

    def __init__(self, settings: Settings, facts: Facts, origin: str) -> None:
        self.settings, self.tables, self.origin = settings, facts.tables, origin
        self.faults: list[Fault] = []
        elements = self.tables["elements"]
        self.symbols = elements["element"].tolist()
        self.class_of = dict(zip(self.symbols, elements[f"class_{settings.model.classes}"], strict=True))
        traded = elements["traded"] & elements["element"].isin(self.tables["demand"]["element"])
        choice = settings.model.elements
        self.bought = elements["element"][traded].tolist() if choice == "all" else list(choice)

    def fault(self, where: str, seen: str, rule: str, remedy: str) -> None:
        self.faults.append(Fault(f"{self.origin}, {where}", seen, rule, remedy))

    def known(self, where: str, name: str, names: Iterable[str], what: str) -> None:
        names = list(names)
        if name not in names:
            self.fault(
                where,
                Said("'{name}' is not {what}", "'{name}' は{what}ではない").format(name=name, what=what),
                Said("names come from the facts", "名前はデータの表にあるもの"),
                nearest(name, names),
            )

    def a_year(self, where: str, year: int) -> None:
        """One that some model may have; what falls into no year of this one has no part in it (`Settings.left_out`)."""
        if not FIRST_YEAR <= year <= LAST_YEAR:
            self.fault(
                where,
                Said("value is {year}", "値は {year}").format(year=year),
                Said("it is a year from {first_year} to {last_year}", "{first_year} から {last_year} までの年").format(
                    first_year=FIRST_YEAR, last_year=LAST_YEAR
                ),
                Said("write four digits", "四桁で書く"),
            )

    def read_model(self) -> None:
        model = self.settings.model
        for key, elements in (("elements", model.elements), ("highlight", model.highlight)):
            for element in () if elements == "all" else elements:
                if element not in self.symbols and element in self.class_of.values():
                    seen, own = (
                        Said("'{element}' is a class", "'{element}' は区分").format(element=element),
                        (e for e, name in self.class_of.items() if name == element),
                    )
                    self.fault(
                        f"model.{key}",
                        seen,
                        Said("elements are named one by one", "元素は一つずつ指定する"),
                        Said("write {seen}", "{seen} と書く").format(seen=listed([*own], most=20)),
                    )
                else:
                    self.known(
                        f"model.{key}", element, self.symbols, Said("an element of the facts", "データにある元素")
                    )
        if not self.bought:
            remedy = Said(
                "name some, or fill elements.csv and demand.csv", "元素を指定するか elements.csv と demand.csv を埋める"
            )
            self.fault(
                "model.elements",
                Said("there are none", "一つもない"),
                Said("a model has an element", "モデルには元素がある"),
                remedy,
            )
        currencies = ["USD", *self.tables["exchange_rates"]["currency"]]
        self.known("model.currency", model.currency, currencies, Said("a currency of the facts", "データにある通貨"))

    def read_suppliers(self) -> None:
        programmes, strategies = self.tables["programmes"], self.tables["strategies"]
        for name, supplier in self.settings.suppliers.items():
            self.known(
                "suppliers",
                name,
                self.tables["suppliers"]["supplier"],
                Said("a supplier of the facts", "データにある供給元"),
            )
            own = {
                *programmes.loc[programmes["supplier"] == name, "programme"],
                *strategies.loc[strategies["supplier"] == name, "strategy"],
            }
            for programme in supplier.programmes:
                self.known(
                    f"suppliers.{name}.programmes",
                    programme,
                    own,
                    Said("a programme or strategy of {name}", " {name} の開発計画か戦略").format(name=name),
                )

    def read_reviews(self) -> None:
        for review in self.settings.reviews:
            self.a_year("reviews", review.year)

    def read_world(self) -> None:
        world, states = self.settings.world, self.tables["states"]
        for chain, state in world.start.items():
            self.known("world.start", chain, states["chain"], Said("a chain of the facts", "データにある確率過程"))
            own = states.loc[states["chain"] == chain, "state"]
            if len(own):
                self.known(
                    f"world.start.{chain}",
                    state,
                    own,
                    Said("a state of {chain}", " {chain} の状態").format(chain=chain),
                )
        projects = [f"{supplier}_project" for supplier in self.tables["projects"]["supplier"]]
        chains = [*states["chain"], *self.tables["shocks"]["shock"], *projects, "demand"]
        for chain in world.first:
            self.known("world.first", chain, chains, Said("a chain of the facts", "データにある確率過程"))
        if world.tree.primary is not None:
            self.known(
                "world.tree.primary", world.tree.primary, chains, Said("a chain of the facts", "データにある確率過程")
            )
        for year in world.tree.branch:
            self.a_year("world.tree.branch", year)
        if world.scenarios and not len(self.tables["scenarios"]):
            rule = Said("futures of one's own come from the table scenarios", "独自の将来は表 scenarios から読む")
            remedy = Said(
                "add rows to scenarios.csv of the facts, or drop the key",
                "データの scenarios.csv に行を加えるか、キーを外す",
            )
            self.fault("world.scenarios", Said("the table is empty", "表が空"), rule, remedy)

    def read_limits(self) -> None:
        suppliers = self.tables["suppliers"]
        scopes = dict.fromkeys([*self.class_of.values(), *self.symbols])
        held = {*self.bought, *map(self.class_of.get, self.bought)}
        for limit in self.settings.limits:
            where = f"limits.{limit.name}"
            if limit.supplier is not None:
                self.known(
                    f"{where}.supplier",
                    limit.supplier,
                    suppliers["supplier"],
                    Said("a supplier of the facts", "データにある供給元"),
                )
            for key, supplier in KINDS[limit.kind].suppliers_named(limit):
                self.known(
                    f"{where}.{key}",
                    supplier,
                    suppliers["supplier"],
                    Said("a supplier of the facts", "データにある供給元"),
                )
            if limit.country is not None:
                self.known(
                    f"{where}.country",
                    limit.country,
                    suppliers["country"],
                    Said("a country of a supplier", "供給元の国"),
                )
            for scope in limit.scopes:
                self.known(f"{where}.scope", scope, ["all", *scopes], Said("a class or an element", "区分か元素"))
                if scope in scopes and scope not in held:
                    seen, rule = (
                        Said("'{scope}' holds no element of the model", "'{scope}' にモデルの元素がない").format(
                            scope=scope
                        ),
                        Said("a limit speaks of something that is bought", "制約は調達対象についてのもの"),
                    )
                    self.fault(
                        f"{where}.scope",
                        seen,
                        rule,
                        Said("drop the limit, or change model.elements", "制約を外すか model.elements を変える"),
                    )
            for key, year in (("from", limit.first), ("to", limit.last)):
                if year is not None:
                    self.a_year(f"{where}.{key}", year)
