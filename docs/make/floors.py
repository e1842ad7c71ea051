"""The floors of the packages, from the contracts that import-linter checks."""

import tomllib

from docs.make.pictures import DOCS


def floors() -> str:
    """Each contract of ``pyproject.toml`` with its reason: layers from top to bottom, or what must not be imported."""
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))
    parts = []
    for contract in project["tool"]["importlinter"]["contracts"]:
        if contract["type"] == "layers":
            parts.append(f"{contract['name']}:\n\n```text\n" + "\n".join(contract["layers"]) + "\n```\n")
        else:
            source, forbidden = (_names(contract[kind]) for kind in ("source_modules", "forbidden_modules"))
            parts.append(f"{contract['name']}. {source}: no import of {forbidden}.\n")
    return "\n".join(parts)


def _names(modules: list[str]) -> str:
    return ", ".join(f"`{module}`" for module in modules)
