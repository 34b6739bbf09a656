"""A portfolio model: the choices of one TOML file, checked and frozen, beside the facts they choose from."""

from procure.model.choices import Settings
from procure.model.file import ModelOrName, as_model, bundled_models, load_model
from procure.model.model import Model, make_model

__all__ = ["Model", "ModelOrName", "Settings", "as_model", "bundled_models", "load_model", "make_model"]
