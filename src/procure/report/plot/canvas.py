"""What every picture stands on: matplotlib, imported late; fonts that have the characters; one style; and files written whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from procure.errors import NOT_INSTALLED, DataError, Fault
from procure.languages import Language, Said
from procure.portfolio.store import replacing
from procure.report.plot.palette import FAINT, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DRAWS = Said("it draws the pictures", "図を描くのに必要")
_NO_FONT = Said("no installed font has Japanese characters", "日本語の文字を持つフォントがない")
_IN_FONT = Said("pictures in Japanese are set in one", "日本語の図には日本語のフォントが要る")
_INSTALL_FONT = Said(
    "{remedy}, which brings one, or install Noto Sans CJK JP",
    "{remedy} に含まれる。または Noto Sans CJK JP をインストールする",
)
_ENDS = Said("the name ends in '{suffix}'", "名前の末尾が '{suffix}'")
_NO_ENDING = Said("the name has no ending", "名前に拡張子がない")
_SUFFIXES = Said("a picture is a file of one of the kinds {suffixes}", "図のファイルの種類は次のいずれか: {suffixes}")
_ONE_OF_THEM = Said("name one of them", "その一つを指定する")

REMEDY = "pip install 'procure[plot]'"
#: Kinds of file, by what their names end in.
SUFFIXES = (".png", ".svg", ".pdf")
DOTS_PER_INCH = 120
#: Fonts with Japanese characters that systems come with, the plainest first.
_JAPANESE = (
    "Noto Sans CJK JP", "Noto Sans JP", "BIZ UDGothic", "Hiragino Sans", "Yu Gothic", "Meiryo", "MS Gothic", "IPAexGothic",
    "IPAGothic", "TakaoPGothic", "VL Gothic", "WenQuanYi Zen Hei", "Droid Sans Fallback",
)  # fmt: skip
_STYLE: dict[str, Any] = {
    "font.size": 9, "axes.titlesize": 10.5, "axes.titlelocation": "left", "axes.titlepad": 8, "axes.labelcolor": INK,
    "text.color": INK, "axes.edgecolor": FAINT, "xtick.color": INK, "ytick.color": INK, "axes.spines.top": False,
    "axes.spines.right": False, "axes.axisbelow": True, "grid.color": "#DDDDDD", "grid.linewidth": 0.6, "legend.frameon": False,
    "legend.fontsize": 8.5, "hatch.linewidth": 0.6, "figure.facecolor": "white", "savefig.facecolor": "white",
    "text.parse_math": False,  # a name with dollar signs is no formula
    "svg.hashsalt": "procure", "pdf.fonttype": 42,
}  # fmt: skip


def pyplot() -> Any:
    """The module `matplotlib.pyplot`; raises `DataError` where matplotlib is not installed."""
    try:
        from matplotlib import pyplot as module
    except ImportError:
        raise DataError(Fault("procure.plot", NOT_INSTALLED.format(package="matplotlib"), _DRAWS, REMEDY)) from None
    return module


@contextmanager
def drawn_in(language: Language) -> Iterator[None]:
    """The style of all pictures while one is drawn, with fonts for a language.

    Raises `DataError` where matplotlib, or for Japanese a font that has it, is not installed.
    """
    module = pyplot()
    with module.rc_context({**_STYLE, "font.family": _families(language)}):
        yield


def _families(language: Language) -> list[str]:
    """Fonts in the order in which a character is looked for."""
    from matplotlib import font_manager

    installed = set(font_manager.get_font_names())
    japanese = next((name for name in _JAPANESE if name in installed), None) or _shipped()
    if language != "ja":
        return ["DejaVu Sans", *([japanese] if japanese else [])]
    if japanese is None:
        seen, rule = _NO_FONT, _IN_FONT
        raise DataError(Fault("language='ja'", seen, rule, _INSTALL_FONT.format(remedy=REMEDY)))
    return [japanese, "DejaVu Sans"]


def _shipped() -> str | None:
    """The font that the extra brings, made known to matplotlib."""
    from importlib.util import find_spec

    from matplotlib import font_manager

    package = find_spec(
        "matplotlib_fontja"
    )  # found, not imported: to import it changes every other picture of the process
    if package is None or package.origin is None:
        return None
    for path in sorted((Path(package.origin).parent / "fonts").glob("*.ttf")):
        font_manager.fontManager.addfont(path)
        return str(font_manager.FontProperties(fname=path).get_name())
    return None


def new_axes(ax: Axes | None, width: float, height: float) -> Axes:
    """The axes that were given, or those of a new figure of so many inches."""
    if ax is not None:
        return ax
    figure = pyplot().figure(figsize=(width, height), layout="constrained")
    axes: Axes = figure.add_subplot()
    return axes


def headed(ax: Axes, subject: str, of: str) -> None:
    """A title of two lines: what is shown, and of which answer."""
    ax.set_title(f"{subject}\n{of}", linespacing=1.35)


def lettered(ax: Axes) -> None:
    """Ticks that are made later get the fonts of the picture, too."""
    from matplotlib import rcParams

    ax.tick_params(labelfontfamily=rcParams["font.family"], length=3)


def beside(ax: Axes, handles: Sequence[Any], labels: Sequence[str], **options: Any) -> None:
    """A legend to the right of the picture, over none of it."""
    ax.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, handlelength=1.6, **options
    )


def below(ax: Axes, handles: Sequence[Any], labels: Sequence[str], n_columns: int | None = None) -> None:
    """A legend below the whole picture."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.legend(handles, labels, loc="outside lower left", ncols=n_columns or len(labels), handlelength=1.6)


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure to `path`, a .png, .svg or .pdf, at once or not at all; a file of that name is replaced.

    Raises `DataError` for another suffix, or where it cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise DataError(unknown_suffix(str(path), target))
    kind = target.suffix.lower().removeprefix(".")
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)  # the same picture is the same file
    with replacing(target) as temporary, pyplot().rc_context(_STYLE):
        figure.savefig(temporary, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)


def write_svg(figure: Figure, file: IO[bytes]) -> None:
    """Write a figure as SVG whose texts are texts, in the fonts of whoever reads it, on no ground of its own."""
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with pyplot().rc_context({**_STYLE, "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", metadata=nothing, facecolor="none")


def unknown_suffix(where: str, path: Path) -> Fault:
    """That a name does not say what kind of picture is to be written."""
    seen = _ENDS.format(suffix=path.suffix) if path.suffix else _NO_ENDING
    return Fault(where, seen, _SUFFIXES.format(suffixes=", ".join(SUFFIXES)), _ONE_OF_THEM)
