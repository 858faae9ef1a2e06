"""Copies the sample, for tests that need another service beside it, or a broken one."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from plumbline.service import find_service
from plumbline.testing.sandbox import AnyService


def copy_sample(folder: Path, package: str) -> Path:
    """Write the package of the same service under another name; return its folder."""
    target = folder / package
    ignored = shutil.ignore_patterns("__pycache__", "copied.py")
    shutil.copytree(Path(__file__).parent, target, ignore=ignored)
    for path in target.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        text = text.replace("sample", package).replace("SAMPLE", package.upper())
        path.write_text(text, encoding="utf-8")
    return target


@contextmanager
def importable(folder: Path, package: str) -> Iterator[None]:
    """Let `package` in `folder` be imported, and forget it when the block ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{package}.")]:
        del sys.modules[name]


@contextmanager
def copied_service(folder: Path, package: str) -> Iterator[AnyService]:
    """Copy the sample and import the copy."""
    copy_sample(folder, package)
    with importable(folder, package):
        yield find_service(package)
