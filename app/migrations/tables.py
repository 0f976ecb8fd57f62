"""Every table of the core schema, imported so that the metadata knows it."""

import importlib
import pkgutil

import app

for _module in pkgutil.walk_packages(app.__path__, "app."):
    if _module.name.rpartition(".")[2] == "models":
        importlib.import_module(_module.name)
