"""A picture of matplotlib as part of a page: text stays text, colours follow the page, and no style needs to be allowed for it."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from procure.report.html.parts import Picture
from procure.report.plot.canvas import pyplot, write_svg
from procure.report.plot.palette import FAINT, INK
from procure.words import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
#: Colours that belong to the page, which may be dark.
_COLOURS = {
    INK: "var(--ink)",
    "#000000": "var(--ink)",
    FAINT: "var(--faint)",
    "#ffffff": "var(--paper)",
    "#dddddd": "var(--rule)",
}
_PAGE = {colour.lower(): name for colour, name in _COLOURS.items()}
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
#: Of a text: its size in a shorthand that is no attribute.
_SIZE = re.compile(r"([0-9.]+)px")
#: A coordinate with more digits than can be seen.
_LONG = re.compile(r"-?[0-9]+\.[0-9]{3,}")
_KEPT = {
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-dashoffset",
    "stroke-linecap", "stroke-linejoin", "opacity", "text-anchor", "clip-path", "font-size",
}  # fmt: skip


def picture(axes: Axes, name: str, title: str) -> Picture:
    """The figure of some axes as an inline drawing; it is closed.

    Parameters
    ----------
    axes : Axes
    name : str
        Unique in the page: what the drawing refers to within itself begins with it.
    title : str
        What is to be seen, for who cannot.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    file = io.BytesIO()
    write_svg(figure, file)
    pyplot().close(figure)
    root = ElementTree.fromstring(file.getvalue())
    for element in list(root.iter()):
        for child in list(element):
            if child.tag in (f"{_SVG}metadata", f"{_SVG}style", f"{_SVG}title"):
                element.remove(child)
    for element in root.iter():
        _plain(element)
    _renamed(root, name)
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-labelledby": f"{name}-title"}
    label = ElementTree.Element("title", {"id": f"{name}-title"})
    label.text = printable(title)
    root.insert(0, label)
    return Picture(ElementTree.tostring(root, encoding="unicode", short_empty_elements=True))


def _plain(element: ElementTree.Element) -> None:
    """No namespaces, and attributes in place of a style."""
    element.tag = element.tag.removeprefix(_SVG)
    attributes = {
        key.removeprefix(_XLINK): value
        for key, value in element.attrib.items()
        if not key.startswith("{http://www.w3.org/XML")
    }
    for declared in attributes.pop("style", "").split(";"):
        key, _, value = (part.strip() for part in declared.partition(":"))
        if key == "font" and (size := _SIZE.search(value)):
            key, value = "font-size", size[1]
        if key in _KEPT:
            attributes[key] = value
    if element.tag == "text" and "fill" not in attributes:
        attributes["fill"] = "var(--ink)"
    if "d" in attributes:
        attributes["d"] = " ".join(_LONG.sub(lambda found: f"{float(found[0]):.2f}", attributes["d"]).split())
    element.attrib = {key: _PAGE.get(value.lower(), value) for key, value in attributes.items()}


def _renamed(root: ElementTree.Element, name: str) -> None:
    """Names only where something refers to them, and unlike those of any other drawing."""
    wanted = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            if key == "href" and value.startswith("#"):
                wanted.add(value[1:])
                element.attrib[key] = f"#{name}-{value[1:]}"
            elif found := _REFERENCE.search(value):
                wanted.add(found[1])
                element.attrib[key] = _REFERENCE.sub(rf"url(#{name}-\1)", value)
    for element in root.iter():
        own = element.attrib.pop("id", None)
        if own in wanted:
            element.attrib["id"] = f"{name}-{own}"
