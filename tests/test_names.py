"""The public names stay what they are, whatever else of procure is imported."""

import importlib
import pkgutil
from inspect import isfunction

import procure


def test_no_room_takes_the_name_of_a_function():
    """A package `procure.solve` would take the place of the function as soon as it was imported: so would any other."""
    for module in pkgutil.walk_packages(procure.__path__, "procure."):
        importlib.import_module(module.name)
    assert all(isfunction(getattr(procure, name)) for name in ("solve", "compile", "sweep"))
    assert procure.solve(procure.load_model("two-class"), foresight=False).status == "optimal"
