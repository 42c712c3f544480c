"""What import-linter is taught: a module imports only these, and a package is kept in these places.

The stock contracts list what is forbidden, so a new module is allowed everything until somebody
remembers it. These two list what is allowed. A module that is named and not there yet breaks
nothing; test_architecture says when a name is out of date.
"""

import sys
from collections.abc import Iterator
from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

STANDARD_LIBRARY = "standard-library"


class OnlyContract(Contract):
    """`modules` import, of our packages, `may_import` alone and, of others', `external` alone."""

    modules = fields.ListField(subfield=fields.StringField())
    may_import = fields.ListField(subfield=fields.StringField())
    external = fields.ListField(subfield=fields.StringField(), required=False)
    never = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001 - as import-linter calls it
        broken = [
            line
            for home in _names(self.modules)
            for importer, imported in _imports(graph, home)
            if not self._allows(graph, home, imported)
            for line in _lines(graph, importer, imported)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        _render(check)

    def _allows(self, graph: ImportGraph, home: str, imported: str) -> bool:
        if not graph.is_module_squashed(imported):
            return _inside(imported, home) or any(_inside(imported, module) for module in _names(self.may_import))
        if imported in _names(self.never):
            return False
        external = _names(self.external)
        of_python = imported in sys.stdlib_module_names and STANDARD_LIBRARY in external
        return not external or of_python or imported in external


class KeptContract(Contract):
    """`packages` are imported from `only_in` and from nowhere else."""

    packages = fields.ListField(subfield=fields.StringField())
    only_in = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001 - as import-linter calls it
        broken = [
            line
            for package in _names(self.packages)
            if package in graph.modules
            for importer in sorted(graph.find_modules_that_directly_import(package))
            if not any(_inside(importer, place) for place in _names(self.only_in))
            for line in _lines(graph, importer, package)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        _render(check)


def _names(field: object) -> tuple[str, ...]:
    """A field's value: import-linter types fields by their description, not by what they hold."""
    return tuple(cast("list[str] | None", field) or ())


def _imports(graph: ImportGraph, home: str) -> Iterator[tuple[str, str]]:
    for importer in sorted(module for module in graph.modules if _inside(module, home)):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            yield importer, imported


def _inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _lines(graph: ImportGraph, importer: str, imported: str) -> Iterator[str]:
    for found in graph.get_import_details(importer=importer, imported=imported):
        yield f"{importer}:{found['line_number']} imports {imported}"


def _render(check: ContractCheck) -> None:
    for line in check.metadata["broken"]:
        output.print_error(line)
