"""A question asked wrongly: every command says what was seen, the rule and the remedy, ends with status 2, and shows no trace."""

import pytest
from typer.testing import CliRunner

from procure.cli import app

NUMBER, MODEL = "shortage.medium_heavy.cost.1", "two-class"
OUTSIDE, STRANGE, NO_END = (
    '{ share = 1.5, supplier = "china" }', '{ share = 0.5, supplier = "chin" }', '{ share = 0.5, supplier = "china"',
)  # fmt: skip
SWITCH, CORRIDOR = ("switch", MODEL, NUMBER), ("corridor", MODEL, "--supplier", "lynas", "--element", "medium_heavy")
FRONTIER, WHY = ("frontier", MODEL, "--limit"), ("why", MODEL, "--instead")
RISK = (*FRONTIER, "risk.weight")

#: Words of the command, and what its fault says in English.
WRONG = [
    # elements, suppliers, models and limits that are not there
    (("ranges", MODEL, "--element", "Dyy"), "'Dyy' is not an element"),
    ((*CORRIDOR[:-1], "Dyy"), "no element 'Dyy'"),
    (("corridor", MODEL, "--supplier", "lyna", "--element", "medium_heavy"), "did you mean 'lynas'"),
    (("corridor", MODEL, "--supplier", "caremag", "--element", "light"), "offers no light"),
    (("corridor", MODEL, "--supplier", "seabed", "--element", "light"), "sells a basket"),
    ((*CORRIDOR, "--against", "chin"), "did you mean 'china'"),
    ((*SWITCH, "--low", "1", "--high", "5", "--first-of", "Dyy"), "no element 'Dyy'"),
    ((*WHY, "chin 40 %"), "did you mean 'china'"),
    ((*WHY, "lynas Dyy 40 %"), "'Dyy' is no class or element"),
    ((*WHY, "caremag light 5 %"), "sells none of it"),
    ((*WHY, "seabed pilot"), "no programme 'pilot'"),
    ((*FRONTIER, "china_shar"), "the model has none"),
    ((*FRONTIER, STRANGE), "did you mean 'china'"),
    (("regret", MODEL, "--reading", "x:suppliers.chin.enabled=false"), "did you mean"),
    (("stress", "japan", "--event", "ban-13"), "did you mean 'ban-3'"),
    (("ambiguity", MODEL, "--kind", "x"), "a doubt about the odds"),
    (("sensitivity", MODEL, "--method", "hurricane"), "'hurricane'"),
    (("hedges", "two-clas"), "did you mean 'two-class'"),
    (("hedges", MODEL, "--limit", "nothing"), "no policy has this name"),
    (("reviews", MODEL), "there are none"),
    *(((command, "nothing.json"), "cannot be read") for command in ("verify", "evaluate", "show")),
    (("compare", "a.json", "b.json"), "b.json: cannot be read"),
    (("why", "nothing.json", "--instead", "lynas 40 %"), "cannot be read"),
    # empty ranges, from > to
    ((*RISK, "--from", "0.5", "--to", "0.5"), "low is below high"),
    ((*RISK, "--from", "0.5"), "--from alone"),
    ((*RISK, "--at", "0.5"), "two values at least"),
    ((*SWITCH, "--low", "50", "--high", "5"), "low is below high"),
    ((*SWITCH, "--low", "5", "--high", "5", "--first-of", "light"), "low is below high"),
    ((*SWITCH, "--low", "1", "--high", "5", "--and", "risk.weight:2:1"), "low is 2, high 1"),
    ((*SWITCH, "--low", "1", "--high", "5", "--and", "risk.weight"), "PATH:low:high"),
    ((*FRONTIER, '{ share = 0.5, supplier = "china", from = 2030, to = 2020 }'), "turn them round"),
    # bounds outside [0, 1], counts below their least
    ((*RISK, "--from", "1", "--to", "2"), "value is 2.0"),
    ((*FRONTIER, OUTSIDE), "a share lies between 0 and 1"),
    (("hedges", MODEL, "--limit", OUTSIDE), "a share lies between 0 and 1"),
    (("ranges", MODEL, "--within", "2"), "a share of the least cost"),
    (("ranges", MODEL, "--within", "nan"), "a share of the least cost"),
    ((*WHY, "lynas heavy 140 %"), "a share is 0 to 1"),
    (("ambiguity", MODEL, "--within", "-1"), "between 0 and 1"),
    (("ambiguity", MODEL, "--high", "nan"), "above 0"),
    (("regret", MODEL, "--reading", "x:risk.weight=4"), "it is <= 1"),
    (("regret", MODEL, "--paths", "1"), "at least 100"),
    (("sensitivity", MODEL, "--most", "0"), "at least 1"),
    (("sensitivity", MODEL, "--method", "morris", "--cases", "1"), "at least 8"),
    ((*CORRIDOR, "--volumes", "0"), "one at least"),
    ((*CORRIDOR, "--floor", "-1"), "a price from 0 up"),
    ((*SWITCH, "--low", "1", "--high", "5", "--standard-error", "-1"), "a sum from 0 up"),
    ((*SWITCH, "--low", "1", "--high", "5", "--digits", "0"), "at least one digit"),
    (("hedges", MODEL, "--paths", "-1"), "counted from 0"),
    # paths of a text, misspelt ones, words for numbers, what has no end
    ((*FRONTIER, "model.name", "--from", "0", "--to", "1"), "it is text"),
    ((*FRONTIER, "risk.weigt"), "did you mean 'risk.weight'"),
    ((*FRONTIER, NO_END), "a table as a model file has it"),
    ((*RISK, "--from", "a", "--to", "b"), "no number"),
    (("switch", MODEL, "model.name", "--low", "1", "--high", "5", "--first-of", "light"), "it is text"),
    (("switch", MODEL, NUMBER + "x", "--low", "1", "--high", "5", "--first-of", "light"), f"did you mean '{NUMBER}'"),
    (("regret", MODEL, "--reading", "x:model.name=1"), "it is text"),
    (("regret", MODEL, "--reading", f"x:{NUMBER}x=1"), f"did you mean '{NUMBER}'"),
    (("sensitivity", MODEL, "--number", "risk.weight"), "procure switch MODEL risk.weight"),
    (("sensitivity", MODEL, "--number", NUMBER + "x"), f"did you mean '{NUMBER}'"),
    ((*WHY, "lynas heavy 10 %", "--number", "model.name"), "it is a choice"),
    (("solve", MODEL, "--set", "risk.weigt=0.5"), "did you mean 'risk.weight'"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_a_question_asked_wrongly(words, said):
    for language, remedy in (("en", "Remedy: "), ("ja", "対処: ")):
        result = CliRunner().invoke(app, [*words, "--lang", language])
        assert result.exit_code == 2 and isinstance(result.exception, SystemExit), result.output
        assert remedy in result.stderr and "Traceback" not in result.output + result.stderr
        assert language == "ja" or said in result.stderr, result.stderr


def test_the_example_of_a_remedy_is_a_rival_of_the_model():
    """What the remedy names is asked: two-class has no programmes, so it names a share, which may be more than any plan has."""
    for supplier in ("seabed", "lynas"):
        told = CliRunner().invoke(app, ["why", MODEL, "--instead", f"{supplier} pilot"]).stderr
        example = told.split("as in '")[1].split("'")[0]
        result = CliRunner().invoke(app, ["why", MODEL, "--instead", example, "--most", "0"])
        assert result.exit_code in (0, 1) and "share is" not in result.stderr, result.stderr
