"""A rule for `.importlinter` that import-linter has not: it cannot say `test_*`."""

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules


def _is_test(module: str) -> bool:
    return module.rpartition(".")[2].startswith("test_")


class OnlyTestsImport(Contract):
    """Tests are imported by nobody; the `modules` made for them by tests and by each other."""

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
