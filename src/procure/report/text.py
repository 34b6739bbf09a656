"""A portfolio on one screen: who supplies what, what it costs, how short it may fall, and what holds it back.

The same tables serve a terminal (`screen`, for rich) and a pipe (`to_text`: aligned words and numbers, no lines, no colour).
Everything shown is taken from the frames of the portfolio; nothing is worked out that they do not hold.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from procure.languages import COMMA, Language, Said, in_language, named
from procure.limits import KINDS
from procure.limits.said import CLASSES
from procure.model import bundled_models
from procure.portfolio.added import ADDED
from procure.portfolio.frames import COMPONENTS, MOST_STEPS, OTHER_SOURCES, is_worthless
from procure.portfolio.information import Information
from procure.portfolio.shadow import AT_THE_MARGIN
from procure.portfolio.verdict import CHEAPER, DEARER, NOT_COMPARED, TIE, UNASKED
from procure.program.restraints import RESTRAINTS
from procure.report.conflict import needs
from procure.report.doubt import in_doubt
from procure.report.headline import course
from procure.report.information import listing, sentences
from procure.report.labels import HOLDS_NOT, HOLDS_ON, HOLDS_TO, LABELS, LARGE_UNITS, NO_PRICE, STEPS_OF
from procure.report.listing import Listing
from procure.report.page import Page, Part
from procure.report.steps import steps, worth_of_waiting
from procure.words import LEAST_SHARE, money, percent, programme_name, rounded, unit_in_words, with_error, worst_share

if TYPE_CHECKING:
    from pandas import DataFrame

    from procure.portfolio.portfolio import Portfolio

WIDTH = 110
#: An element has a line of its own when the model highlights it, or when it is among the first by what it costs short, or by
#: what is paid for it: this many where the model highlights none, and where it does.
ELEMENTS, MORE = 5, 2
#: Years shown side by side, the first and the last among them.
YEARS = 10
POLICY_LIMITS, OTHER_LIMITS = 2, 3
_INDENT = "  "
#: What stands in brackets behind a Japanese name.
_ASIDE = re.compile("（[^）]*）$")
_RESTRAINTS = {restraint.name: restraint for restraint in RESTRAINTS}
#: In Japanese, what easing by one step saves.
_EASED = {
    "1 % more": "{what}が 1 % 増えれば {price} {unit}の節約", "1 % less": "{what}が 1 % 減れば {price} {unit}の節約",
    "unit": "{what}を 1 単位緩めれば {price} {unit}の節約", "": "{{what}}の制約を 1 {per}緩めれば {{price}} {{unit}}の節約",
}  # fmt: skip
#: A price that holds for less of a step than this does not hold.
LEAST_STEP = 1e-3
#: A part of the costs has a line of its own when it is more than this share of all of them; one of the user's own has it always.
LEAST_COST = 1e-3
#: What is less than this share of all costs is what solvers round.
ROUNDING = 1e-9
#: Where all costs together are less, million USD, sums are in thousand USD.
SMALL = 10.0


def page(portfolio: Portfolio) -> Page:
    """The screen."""
    return Page(_Screen(portfolio).parts(), width=WIDTH)


def verdict(portfolio: Portfolio, language: Language = "en") -> list[str]:
    """What is chosen, how sure that is, and what waiting is worth, in sentences; none where there is one programme."""
    screen = _Screen(portfolio)
    told = [*screen.verdict(), worth_of_waiting(portfolio)] if len(portfolio.programme_levels) > 1 else []
    told.append(steps(portfolio))
    told += [screen.trees()] if len(portfolio.seeds) > 1 else []
    return [in_language(sentence, language) for sentence in told if sentence]


def loss(portfolio: Portfolio, language: Language = "en") -> str:
    """What shortage costs, and how much of it no plan could avoid, in sentences."""
    return str(in_language(_Screen(portfolio).loss(), language))


def levels_out(portfolio: Portfolio, language: Language = "en") -> list[str]:
    """Why programmes are out, a sentence each."""
    return [in_language(sentence, language) for sentence in _Screen(portfolio).out()]


def limits(portfolio: Portfolio, language: Language = "en") -> list[tuple[str, dict[Any, Any]]]:
    """What binds and is worth anything, dearest first: in words, and its row of the frame `limits`."""
    screen = _Screen(portfolio)
    rows = screen.binding().sort_values("shadow_price_musd", ascending=False, kind="stable").to_dict("records")
    return [(in_language(screen.limit_in_words(row), language), row) for row in rows]


def second_currency(portfolio: Portfolio, *, is_small: bool = False) -> tuple[float, str]:
    """(units per million USD, name): the currency of the model where it is not USD; (0, "") where it is."""
    model = portfolio.settings.get("model", {})
    currency = str(model.get("currency", "USD"))
    per_usd = portfolio.exchange.get(currency)
    if currency == "USD" or per_usd is None:
        return 0.0, ""
    name, size = (f"k {currency}", 1e3) if is_small else LARGE_UNITS.get(currency, (f"M {currency}", 1e6))
    return per_usd * 1e6 / size, name


#: Names that are not those of suppliers and have a label; and those that have another one as a heading.
_SCOPES_AND_SOURCES, _HEADED = ("all", *CLASSES, *OTHER_SOURCES), ("surplus", "spot", "stock")


class _Screen:
    """The parts of one screen, in reading order."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.summary = portfolio.summary
        self.tail = worst_share(self.summary["alpha"])
        is_small = abs(self.summary["expected_cost"]) < SMALL
        self.times, self.unit = (1e3, LABELS["kusd"]) if is_small else (1.0, LABELS["musd"])

    def money(self, musd: float) -> str:
        """A sum in the unit of the screen."""
        return money(musd * self.times if abs(musd) > ROUNDING * abs(self.summary["expected_cost"]) else 0.0)

    def with_error(self, musd: float, error: float) -> str:
        """A sum and its standard error, in the unit of the screen."""
        return with_error(musd * self.times, error * self.times)

    def parts(self) -> Iterable[Part]:
        """Lines of text and tables."""
        p, s = self.portfolio, self.summary
        yield named(p.title, p.name)
        chosen = LABELS["choose"].format(levels=programme_name(p.programmes)) if p.programmes else ""
        yield chosen + course(p, self._name, self.money, self.unit, begins=not chosen)
        if len(p.programme_levels) > 1:
            yield from self.verdict()
            if (worth := worth_of_waiting(p, self.times, self.unit)) is not None:
                yield worth
        if (staged := steps(p)) is not None:
            yield staged
        if len(p.seeds) > 1:
            yield self.trees()
        if len(binding := self.binding()):
            yield LABELS["holds_most"].format(words=self.limit_in_words(_dearest(binding)[0]))
        yield ""
        yield self._shares()
        yield ""
        yield self._elements()
        yield ""
        yield self._costs()
        yield self.loss()
        yield ""
        if len(p.programme_levels) > 1:
            yield self._levels()
            yield from self.out()
            yield ""
        if len(p.value_of_information):
            known = Information.of(p.value_of_information)
            yield listing(known)
            yield from sentences(known)
            yield ""
        yield LABELS["limits"]
        yield from self._limits()
        yield self._provenance()  # its lines stand out, as those of limits are set in
        if len(p.programme_levels) > 1:
            yield LABELS["decides"].format(model=p.name if p.name in bundled_models() else p.origin)
        yield LABELS["futures"].format(
            name=p.name, paths=f"{s['n_leaves']:,.0f}", nodes=f"{s['n_nodes']:,.0f}", status=LABELS.get(p.status, p.status),
            which=LABELS["drawn" if s["drawn"] else "every"], seconds=f"{s['seconds']:.1f}",
        )  # fmt: skip
        yield LABELS["note"].format(
            mean=f"{100 * (1 - s['weight']):.3g}", weight=f"{100 * s['weight']:.3g}", tail=self.tail
        )
        yield from in_doubt(p)

    def loss(self) -> str:
        """What shortage costs, and how much of it no plan could avoid."""
        s = self.summary
        lost, unavoidable, foresight = (
            self.money(s[key]) for key in ("shortage_loss", "unavoidable_loss", "value_of_foresight")
        )
        none, unit = LABELS["nothing"], self.unit
        if math.isnan(s["value_of_foresight"]):  # it was not worked out
            key = "loss_alone"
        elif s["unavoidable_loss"] > s["shortage_loss"] * (1 + 1e-9):
            key = "loss_limited"
        elif unavoidable != "-":
            key = "loss"
        else:
            key = "loss_none" if lost == "-" else "loss_avoidable"
        return LABELS[key].format(
            loss=none if lost == "-" else LABELS["sum"].format(amount=lost, unit=unit), unavoidable=unavoidable,
            foresight=none if foresight == "-" else foresight,
        )  # fmt: skip

    def _name(self, key: str) -> str:
        """A supplier as the model file calls it, in Japanese as people do."""
        if key in _SCOPES_AND_SOURCES:  # of the labels these alone: any other may be the name of a supplier
            return LABELS[key]
        return Said(key, _ASIDE.sub("", named(self.portfolio.names.get(key, {}), key).ja))

    def _shares(self) -> Listing:
        shares = self.portfolio.shares
        years = _thinned([year for year in dict.fromkeys(shares["year"]) if year != "today"])
        share_of = _lookup(shares, ("year", "class", "supplier"), "share")
        suppliers = [s for s in dict.fromkeys(shares["supplier"]) if s not in OTHER_SOURCES]
        rows: list[tuple[str, ...]] = []
        classes = dict.fromkeys(shares["class"])
        is_alone = len(classes) <= 2  # one class, or none: it is all
        for name in ["all"] if is_alone else [c for c in classes if c != "all"]:
            own = [
                (source, [share_of[year, name, source] for year in ("today", *years)])
                for source in (*suppliers, *OTHER_SOURCES)
            ]
            own = [(source, numbers) for source, numbers in own if any(abs(x) >= LEAST_SHARE for x in numbers)]
            own.sort(key=lambda pair: (pair[0] in OTHER_SOURCES, -max(pair[1])))
            for position, (source, numbers) in enumerate(own):
                label = "" if position else LABELS[name] if name in _SCOPES_AND_SOURCES else name.replace("_", "/")
                rows.append((label, self._name(source), *map(percent, numbers)))
        if not is_alone:
            # The first supplier of today, over all classes: the share that the portfolio is to bring down.
            first = max(suppliers, key=lambda s: share_of["today", "all", s])
            numbers = [share_of[year, "all", first] for year in ("today", *years)]
            rows.append((LABELS["all"], self._name(first), *map(percent, numbers)))
        numbers_of = (LABELS["today"], *years)
        between = years[1:-1]  # in a narrow terminal every second year is left out, then all but the ends
        return Listing(
            (LABELS["shares"], "", *numbers_of),
            rows,
            right=numbers_of,
            optional=(tuple(between[::2]), tuple(between[1::2])),
        )

    def _elements(self) -> Listing:
        p, w = self.portfolio, LABELS
        mix, shortage = p.mix, p.shortage
        paid = mix[~mix["supplier"].isin(OTHER_SOURCES)].groupby("element")["cost_musd"].sum()
        lost = shortage.groupby("element")["cost_musd"].sum()
        asked = p.settings.get("model", {}).get("highlight", ())
        most = MORE if asked else ELEMENTS
        chosen = set(asked) | {
            str(element)
            for costs in (paid, lost)
            for element, cost in costs.sort_values(ascending=False, kind="stable").head(most).items()
            if cost > 0
        }
        elements = [e for e in dict.fromkeys(shortage["element"]) if e in chosen]
        elements.sort(key=lambda e: -float(lost[e]))
        supplied = mix.groupby(["element", "supplier"])["supplied_t"].sum()
        n_years = shortage["year"].nunique()
        sources = [
            s
            for s in (
                *(s for s in dict.fromkeys(sorted(mix["supplier"])) if s not in OTHER_SOURCES),
                "spot",
                "stock",
                "surplus",
            )
            if any(abs(_of(supplied, (e, s))) > 0 for e in elements)
        ]
        rows = []
        for e in elements:
            own = shortage[shortage["element"] == e]
            demand = float(own["demand_t"].sum())
            worst = own.loc[own["cvar_share"].idxmax()]
            rows.append((
                e, f"{demand / n_years:,.0f}" if demand >= 10 * n_years else f"{demand / n_years:.2g}",
                *(percent(_of(supplied, (e, s)) / demand if demand > 0 else 0.0) for s in sources),
                percent(float(own["expected_t"].sum()) / demand if demand > 0 else 0.0),
                f"{percent(float(worst['cvar_share']))} ({int(worst['year'])})" if worst["cvar_share"] >= LEAST_SHARE else "-",
                f"{float(own['probability'].sum()):.1f}", self.money(float(own["cost_musd"].sum())),
            ))  # fmt: skip
        lost_heading = w["short_cost"].format(unit=w["musd_short" if self.times == 1 else "kusd_short"])
        headings = (
            w["elements"], w["demand"], *(w[f"{s}_heading"] if s in _HEADED else self._name(s) for s in sources), w["short"],
            w["tail_share"].format(tail=self.tail), w["years_short"], lost_heading,
        )  # fmt: skip
        return Listing(headings, rows, right=headings[1:], optional=((w["years_short"],), (w["demand"],)))

    def _costs(self) -> Listing:
        s, w, costs = self.summary, LABELS, self.portfolio.costs
        rate, unit = second_currency(self.portfolio, is_small=self.times > 1)
        total = (s["expected_cost"], s["cvar"], s["worst_case"])
        cost_of = {str(component): numbers for component, *numbers in costs.itertuples(index=False)}
        lines: list[tuple[str, Sequence[float]]] = [("total", total)]
        lines += [(name, cost_of[name]) for name in cost_of]
        shown = [
            (name, numbers)
            for name, numbers in lines
            if name == "total"
            or (name not in COMPONENTS and any(numbers))
            or any(abs(x) > LEAST_COST * abs(whole) for x, whole in zip(numbers, total, strict=True))
        ]
        rows = [(w.get(name, name.replace("_", " ")), *map(self.money, numbers)) for name, numbers in shown]
        columns = (w["expected"], w["tail"].format(tail=self.tail), w["worst"])
        table = Listing((w["costs"].format(unit=self.unit), *columns), rows, right=columns, bold=frozenset({0}))
        if not unit:
            return table
        others = [tuple(money(x * rate) for x in numbers) for _, numbers in shown]
        second = (unit + COMMA + columns[0], *columns[1:])
        return replace(
            table,
            headings=(*table.headings, *second),
            rows=[row + other for row, other in zip(rows, others, strict=True)],
            right=(*columns, *second),
            instead=(
                table,
                replace(
                    table,
                    headings=(w["costs"].format(unit=unit), *columns),
                    rows=[(row[0], *other) for row, other in zip(rows, others, strict=True)],
                ),
            ),
        )

    @property
    def _last_year(self) -> int:
        """The last year that is told."""
        return int(self.portfolio.shortage["year"].max())

    def trees(self) -> str:
        """What other trees would have chosen."""
        seeds = self.portfolio.seeds
        (own,) = seeds[seeds["chosen"]].to_dict("records")
        levels = COMMA.join(f"{level} {count}" for level, count in seeds["level"].value_counts().items())
        return LABELS["seeds"].format(
            count=len(seeds), levels=levels, seed=own["seed"], cost=self.money(own["fresh_musd"]),
            error=self.money(own["fresh_error_musd"]), most=self.money(float(seeds["fresh_musd"].max())),
        )  # fmt: skip

    def verdict(self) -> Iterable[str]:
        """Which programme level is best, and how well that is known."""
        frame, w = self.portfolio.programme_levels, LABELS
        others = [row for row in frame.to_dict("records") if not row["chosen"] and row["verdict"] != "infeasible"]
        (chosen,) = frame["level"][frame["chosen"]]
        paths = self.summary["fresh_paths"]
        where = w["on_fresh"].format(paths=f"{paths:,.0f}") if paths else w["in_all"]

        def apart(row: dict[Any, Any], sign: float = 1.0) -> str:
            return self.with_error(sign * row["difference_musd"], row["standard_error_musd"])

        cheaper, tie, dearer = ([row for row in others if row["verdict"] == word] for word in (CHEAPER, TIE, DEARER))
        if cheaper:
            levels = COMMA.join(w["cheaper_by"].format(level=row["level"], apart=apart(row, -1.0)) for row in cheaper)
            yield w["are_cheaper"].format(levels=levels, chosen=chosen, where=where, unit=self.unit)
        if tie:
            yield w["some_tie"].format(
                levels=COMMA.join(row["level"] for row in tie),
                chosen=chosen,
                apart=COMMA.join(map(apart, tie)),
                where=where,
                unit=self.unit,
            )
        elif dearer and not cheaper:
            row = min(dearer, key=lambda row: float(row["difference_musd"]))
            ties = w["no_ties"]
            yield w["cheapest"].format(
                level=row["level"], chosen=chosen, apart=apart(row), where=where, ties=ties, unit=self.unit
            )
        for verdict in dict.fromkeys(row["verdict"] for row in others if row["verdict"].startswith(NOT_COMPARED)):
            own, reason = (
                [row for row in others if row["verdict"] == verdict],
                verdict.removeprefix(f"{NOT_COMPARED}: "),
            )
            if reason == UNASKED:
                row = min(own, key=lambda row: float(row["difference_musd"]))
                yield w["on_the_tree"].format(
                    level=row["level"], chosen=chosen, apart=self.money(row["difference_musd"]), unit=self.unit
                )
                continue
            said = w["because"].format(verdict=w[NOT_COMPARED], reason=w.get(reason, reason))
            yield w["unknown"].format(levels=COMMA.join(row["level"] for row in own), verdict=said)

    def _levels(self) -> Listing:
        w, levels, fresh = LABELS, self.portfolio.programme_levels, self.summary["fresh_paths"] > 0
        rows, bold = [], set()
        for position, row in enumerate(levels.to_dict("records")):
            verdict = w.get(row["verdict"].partition(":")[0], row["verdict"])
            costs = [self.money(row[f"{cost}_musd"]) for cost in ("objective", "expected", "cvar", "worst")]
            beside = (
                self.money(row["fresh_musd"]),
                self.with_error(row["difference_musd"], row["standard_error_musd"]),
            )
            rows.append((row["level"], verdict, *costs, *(beside if fresh else ())))
            if row["chosen"]:
                bold.add(position)
        costs_of = (w["objective"], w["expected"], w["tail"].format(tail=self.tail), w["worst"])
        numbers_of = costs_of + ((w["fresh"], w["apart"]) if fresh else ())
        return Listing(
            (w["levels"].format(unit=self.unit), "", *numbers_of),
            rows,
            right=numbers_of,
            bold=frozenset(bold),
            optional=tuple((heading,) for heading in costs_of[:0:-1]),
        )

    def out(self) -> Iterable[str]:
        """Why levels are out, and what they would cost otherwise."""
        for row in self.portfolio.programme_levels.itertuples(index=False):
            if row.status == "infeasible":
                cost = float(row.repaired_musd)  # type: ignore[arg-type]
                words = LABELS["out" if cost == cost else "out_alone"]
                saved = self.summary["objective"] - cost
                more = LABELS["spent" if saved < 0 else "saved"].format(saved=self.money(abs(saved)))
                yield words.format(level=row.level, needs=needs(str(row.needs)), cost=self.money(cost), more=more)

    def binding(self) -> DataFrame:
        """The rows of `limits` that bind and are worth anything."""
        from pandas import Series

        limits = self.portfolio.limits
        spent = float(self.portfolio.costs["expected_musd"].abs().sum())
        prices = zip(limits["shadow_price_musd"].tolist(), limits["per"].tolist(), strict=True)
        saves = Series([not is_worthless(price, per, spent) for price, per in prices], index=limits.index, dtype=bool)
        told = ~(limits["year"] > self._last_year).fillna(False)
        return limits[limits["binding"] & saves & told]

    def _limits(self) -> Iterable[str]:
        binding = self.binding()
        is_policy = binding["kind"].isin((*KINDS, ADDED))
        policy = binding[is_policy].sort_values("shadow_price_musd", ascending=False, kind="stable")
        policy = policy.drop_duplicates("limit")  # of the years of a limit, the one in which it costs most
        others = binding[~is_policy]
        shown = _dearest(binding.loc[[*policy.index[:POLICY_LIMITS], *others.index[:OTHER_LIMITS]]])
        for row in shown:
            yield _INDENT + self.limit_in_words(row)
        if len(binding) > len(shown):
            yield _INDENT + LABELS["more_limits"].format(count=len(binding) - len(shown))
        if not shown:
            yield _INDENT + LABELS["no_limits"]

    def limit_in_words(self, row: dict[Any, Any]) -> Said:
        holds = _holds(row)
        # That prices are at the margin the heading says of all of them.
        en = str(row["words"]).replace(f"USD{AT_THE_MARGIN}", f"USD{holds}")
        if self.times > 1 and (price := float(row["shadow_price_musd"])) == price:
            en = en.replace(
                f"saves {rounded(price)} {LABELS['musd']}", f"saves {rounded(price * self.times)} {self.unit}"
            )
        return Said(en, self._limit_in_japanese(row) + in_language(holds, "ja"))

    def _limit_in_japanese(self, row: dict[Any, Any]) -> str:
        """The same as its kind or its restraint says it, with the names of suppliers."""
        price, per = float(row["shadow_price_musd"]), str(row["per"])
        if row["kind"] in KINDS:
            (written,) = (choice for choice in self.portfolio.settings["limits"] if choice["name"] == row["limit"])
            kind = KINDS[row["kind"]]
            choice = SimpleNamespace(**written)
            choice.supplier = self._name(choice.supplier) if choice.supplier else None
            what = in_language(kind.subject(choice), "ja")
        elif row["kind"] in _RESTRAINTS:
            names = [self._name(word) for word in str(row["scope"]).split()]
            what = in_language(_RESTRAINTS[row["kind"]].price_words(tuple(names)), "ja")
        else:
            what = f"{row['limit']} {row['scope']}"
        if isinstance(row["year"], int):
            what = f"{what}（{row['year']}年）"
        if price != price:
            return f"{what}: {NO_PRICE}"
        form = _EASED.get(per) or _EASED[""].format(per=in_language(unit_in_words(per), "ja"))
        return form.format(what=what, price=rounded(price * self.times), unit=in_language(self.unit, "ja"))

    def _provenance(self) -> str:
        frame = self.portfolio.provenance
        shares = [
            LABELS.get(status, status) + f" {100 * share:.0f} %"
            for status, share in zip(frame["status"], frame["share"].tolist(), strict=True)
        ]
        return LABELS["provenance"].format(shares=COMMA.join(shares))


def _holds(row: Mapping[Any, Any]) -> str:
    """How far the price of a limit holds; nothing where that is not known."""
    steps = float(row["holds_to"])
    if math.isnan(steps) or row["per"] not in STEPS_OF:
        return ""
    if steps < LEAST_STEP:
        return HOLDS_NOT
    words = HOLDS_ON if steps >= MOST_STEPS else HOLDS_TO
    return words.format(amount=STEPS_OF[row["per"]].format(n=rounded(steps, 2)))


def _dearest(limits: DataFrame) -> list[dict[Any, Any]]:
    """Its rows, what is worth most first and what has no price last."""
    rows: list[dict[Any, Any]] = limits.sort_values(
        "shadow_price_musd", ascending=False, kind="stable", na_position="last"
    ).to_dict("records")
    return rows


def _thinned(years: list[str]) -> list[str]:
    """At most `YEARS` of them, evenly spread, with the first and the last."""
    if len(years) <= YEARS:
        return years
    step = -(-(len(years) - 1) // (YEARS - 1))
    return [*years[:-1:step], years[-1]]


def _lookup(frame: DataFrame, keys: tuple[str, ...], value: str) -> dict[tuple[str, ...], float]:
    columns = (frame[key].astype(str) for key in keys)
    return dict(zip(zip(*columns, strict=True), frame[value].tolist(), strict=True))


def _of(series: Any, key: tuple[str, str]) -> float:
    return float(series.get(key, 0.0))
