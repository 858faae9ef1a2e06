"""Each example of docs/how-to.md works word by word, and its code passes the static gates."""

from pathlib import Path

import pytest

from docs.markdown import ROOT, Block, fenced, sections
from docs.worked import changed, follow, is_file, sh, write

EXAMPLES = {
    name: [*fenced(text)]
    for name, text in sections(ROOT / "docs" / "how-to.md").items()
    if any(map(is_file, fenced(text)))
}
STATIC = 'nox -j 2 -s "lint(catalog)" "types(catalog)" "boundaries(catalog)"'


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_works_word_by_word(repository: Path, name: str) -> None:
    follow(EXAMPLES[name], repository)

    if any(block.path.startswith("services/catalog/") for block in EXAMPLES[name]):
        sh(STATIC, repository)


def test_examples_are_found_at_all() -> None:
    assert len(EXAMPLES) > 15
    assert all(any(block.language == "sh" for block in found) for found in EXAMPLES.values())


def test_a_block_is_the_file_that_the_paragraph_above_it_names_last() -> None:
    text = (
        "As `src/b.py` does, in `src/a.py`:\n\n```python\nx = 1\n```\n\nThen:\n\n```sh\nnox\n```\n"
    )

    assert [*fenced(text)] == [Block("python", "x = 1\n", "src/a.py"), Block("sh", "nox\n", "")]


def test_a_file_is_written_then_extended(tmp_path: Path) -> None:
    write(Block("python", "x = 1\n", "src/a.py"), tmp_path)
    write(Block("python", "y = 2\n", "src/a.py"), tmp_path)

    assert (tmp_path / "src/a.py").read_text(encoding="utf-8") == "x = 1\n\n\ny = 2\n"


def test_a_diff_changes_the_one_place_that_each_hunk_matches() -> None:
    diff = Block("diff", " a\n-b\n+c\n@@\n+d\n e\n", "a.py")

    assert changed("a\nb\n\ne\n", diff) == "a\nc\n\nd\ne\n"
    with pytest.raises(AssertionError, match=r"a\.py has 0 times"):
        changed("a\nx\n", diff)
