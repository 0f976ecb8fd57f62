"""All operations of the product: imported, listed, walked by tests, API, matrix and catalogue."""

import functools
import importlib
import pkgutil
from typing import Any

import app
from app.operations.operation import Operation, registered


@functools.cache
def all_operations() -> tuple[Operation[Any, Any], ...]:
    """Import every `operations` module of `app` and return what they declare, by name."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.rpartition(".")[2] == "operations" and module.name != "app.operations":
            importlib.import_module(module.name)
    return tuple(found for _, found in sorted(registered().items()))
