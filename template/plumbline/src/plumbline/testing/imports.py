"""Contracts for `.importlinter` that import-linter lacks."""

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules


def _is_test(module: str) -> bool:
    return module.rpartition(".")[2].startswith("test_")


class OnlyTestsImport(Contract):
    """Tests are never imported; the `modules` made for them by tests and by each other only."""

    type_name = "only_tests_import"

    # Any: a field when the class is made, the list of what the file says when it is used
    modules: Any = fields.ListField(subfield=fields.ModuleExpressionField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 - its shape
        """Find the imports that are not allowed."""
        found = module_expressions_to_modules(graph, self.modules)
        tools = {module.name for module in found} & graph.modules
        packages = {name.rpartition(".")[0] for name in graph.modules}
        tests = {name for name in graph.modules if _is_test(name)} - packages
        wrong = [
            f"{importer} -> {imported}"
            for imported in tools | tests
            for importer in graph.find_modules_that_directly_import(imported)
            if imported in tests or importer not in tools | tests
        ]
        return ContractCheck(kept=not wrong, metadata={"wrong": sorted(wrong)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print them."""
        for line in check.metadata["wrong"]:
            output.print_error(line, bold=False)


class OnlyPublicModules(Contract):
    """A service imports what is public of the platform: `plumbline`, and the `public` modules.

    What is below `testing` is public for tests, which the contract above looks after.
    """

    type_name = "only_public_modules"

    public: Any = fields.ListField(subfield=fields.StringField())  # Any: as above

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001 - its shape
        """Find imports of what is private."""
        public = {"plumbline", *self.public}
        wrong = [
            f"{importer} -> {imported}"
            for imported in graph.find_descendants("plumbline")
            if imported not in public and not imported.startswith("plumbline.testing")
            for importer in graph.find_modules_that_directly_import(imported)
            if not f"{importer}.".startswith("plumbline.")
        ]
        return ContractCheck(kept=not wrong, metadata={"wrong": sorted(wrong)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print them."""
        for line in check.metadata["wrong"]:
            output.print_error(line, bold=False)
