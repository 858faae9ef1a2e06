"""Awkward names that are allowed give a service as good as any; the others are refused at once."""

from collections.abc import Iterator
from pathlib import Path

import copier
import pytest

from gates.render import ANSWERS, plain_template, recorded, render

from .conftest import Run, beside_the_platform

GOOD = {
    "one letter": {"service": "a", "resource": "b", "resources": "c"},
    "digits and an underscore": {"service": "my_svc2", "resource": "o2", "resources": "o2"},
    "a dash, and the longest description": {
        "service": "my-shop",
        "resource": "line_item",
        "description": "word " * 14 + "word.",
    },
    "a plural's letter alone": {"service": "s"},
    "names of the service's own files": {
        "service": "app",
        "resource": "page",
        "resources": "testing",
    },
    "names of its own variables": {
        "service": "settings",
        "resource": "request",
        "resources": "description",
    },
    "words that YAML takes for values, and a description that is no sentence": {
        "service": "on",
        "resource": "null",
        "description": "orders \u2013 don\u2019t ask: it's 'ünique' & <b>50 %</b> #1 | `code`?",
    },
    "the longest": {"service": "s" * 35, "resource": "r" * 20, "resources": "x" * 25},
    "the longest, of many parts": {
        "service": "s-" * 17 + "s",
        "resource": "r_" * 9 + "rr",
        "resources": "r_" * 12 + "x",
    },
}


@pytest.fixture(scope="module", params=GOOD.values(), ids=list(GOOD))
def awkward(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service rendered for awkward answers."""
    folder = beside_the_platform(tmp_path_factory.mktemp("awkward"), "service")
    render(folder, request.param)
    assert recorded(folder / ANSWERS).items() >= request.param.items()
    return folder


def test_an_awkward_service_needs_no_formatting(awkward: Path, inside: Run) -> None:
    formatted = inside(awkward, "ruff", "format", "--diff", "--quiet", ".")

    assert (formatted.stdout, formatted.returncode) == ("", 0)


def test_an_awkward_service_is_lint_clean(awkward: Path, inside: Run) -> None:
    linted = inside(awkward, "ruff", "check", "--quiet", "--output-format=concise", ".")

    assert (linted.stdout, linted.returncode) == ("", 0)


def test_an_awkward_service_is_locked(awkward: Path, inside: Run, uv: str) -> None:
    locked = inside(awkward, uv, "lock", "--check")

    assert locked.returncode == 0, locked.stderr


def test_an_awkward_service_is_typed(awkward: Path, inside: Run, libraries: Path) -> None:
    sources = [awkward / name for name in ("src", "tests", "conftest.py")]

    typed = inside(awkward, "mypy", f"--cache-dir={libraries / 'services'}", *sources)

    assert typed.returncode == 0, typed.stdout


def test_an_awkward_service_can_be_built_and_described(awkward: Path, inside: Run) -> None:
    package = recorded(awkward / ANSWERS)["service"].replace("-", "_")
    program = (
        f"from {package}.app import create_app; from {package}.settings import Settings;"
        "print(create_app(Settings()).openapi()['info']['title'])"
    )

    built = inside(awkward, "python", "-W", "error", "-c", program)

    assert (built.stdout, built.stderr) == (f"{recorded(awkward / ANSWERS)['service']}\n", "")


def test_a_class_that_is_called_like_a_test_is_not_taken_for_one(
    tmp_path: Path,
    inside: Run,
) -> None:
    place = beside_the_platform(tmp_path)
    render(place, {"service": "orders", "resource": "testimonial"})

    found = inside(place, "pytest", "--collect-only", "-q")

    assert found.returncode == 0, found.stdout


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """The template of the work tree."""
    with plain_template() as folder:
        yield folder


def guessed(template: Path, folder: Path, **given: str) -> dict[str, str]:
    """Return the answers that rendering into a folder would record, and render nothing."""
    data = {"kind": "standalone", **given}
    worker = copier.run_copy(
        str(template), folder, data, exclude=["*"], answers_file=ANSWERS, defaults=True, quiet=True
    )
    return {name: str(answer) for name, answer in worker.answers.combined.items()}


@pytest.mark.parametrize(
    ("service", "resource"),
    [
        ("orders", "order"),
        ("line-items", "line_item"),
        ("boxes", "box"),
        ("addresses", "address"),
        ("purchases", "purchase"),
        ("billing", "item"),
        ("status", "item"),
        ("s", "item"),
        ("my-s", "item"),
        ("classes", "item"),
        ("item", "entry"),
    ],
)
def test_the_first_resource_is_guessed_from_the_service(
    template: Path,
    tmp_path: Path,
    service: str,
    resource: str,
) -> None:
    assert guessed(template, tmp_path / "service", service=service)["resource"] == resource


@pytest.mark.parametrize(
    ("resource", "resources"),
    [("order", "orders"), ("category", "categories"), ("day", "days"), ("box", "boxes")],
)
def test_the_plural_is_guessed_from_the_singular(
    template: Path,
    tmp_path: Path,
    resource: str,
    resources: str,
) -> None:
    found = guessed(template, tmp_path / "service", service="shop", resource=resource)

    assert found["resources"] == resources


@pytest.mark.parametrize(
    ("folder", "service"),
    [("orders", "orders"), ("My Orders", "my-orders"), ("my_orders", "my-orders"), ("2go!", "go")],
)
def test_the_service_is_called_like_its_folder(
    template: Path, tmp_path: Path, folder: str, service: str
) -> None:
    assert guessed(template, tmp_path / folder)["service"] == service


SHAPE = "must be lower-case letters"
TAKEN = "is that of a Python module or keyword|choose another"

BAD: list[tuple[str, str, str]] = [
    *(
        ("service", name, SHAPE)
        for name in (
            *("Orders", "my orders", "orders ", "2fast", "a--b", "a__b", "a-_b", "-a", "a-"),
            *("", "ünique", "../a", "orders\n"),
        )
    ),
    ("service", "s" * 36, "longer than 35 characters"),
    *(
        ("service", name, TAKEN)
        for name in (
            *("class", "json", "test", "fastapi", "sqlalchemy", "pytest-cov", "uvicorn", "tests"),
            *("repository", "plumbline", "plumbline-platform"),
        )
    ),
    *(
        ("resource", name, SHAPE)
        for name in ("Order", "line-item", "1a", "a__b", "_a", "a_", "", "order\n")
    ),
    ("resource", "r" * 21, "longer than 20 characters"),
    ("resource", "orders", "the service's own name"),
    *(
        ("resource", name, "choose another")
        for name in (*("string", "uuid_key", "class", "none", "collection", "warning", "liveness"),)
    ),
    *(("resources", name, SHAPE) for name in ("Things", "my-things", "sqlite_", "", "things\n")),
    ("resources", "r" * 26, "longer than 25 characters"),
    *(
        ("resources", name, "choose another")
        for name in ("class", "alembic_version", "sqlite_things", "access", "pg_class")
    ),
    *(
        ("description", text, "must be one line")
        for text in ('say "hi"', "two\nlines", "{x}", "}", "a\\b", "d" * 76, "a\rb", "a\x00b")
    ),
    *(("description", text, "must not be empty") for text in ("", " ", " a", "a ")),
]


@pytest.mark.parametrize(("question", "answer", "reason"), BAD)
def test_a_bad_answer_gets_one_clear_sentence_and_leaves_nothing(
    tmp_path: Path,
    question: str,
    answer: str,
    reason: str,
) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        render(tmp_path / "orders", {"service": "orders", question: answer})

    sentence = str(refused.value)
    assert "\n" not in sentence.replace(answer, "")
    assert sentence.startswith("The ")
    assert sentence.endswith(".")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["resurce", "package"])
def test_what_is_no_question_gets_one_clear_sentence(tmp_path: Path, name: str) -> None:
    there_are = "there are: .*service, description, shape, resource"
    with pytest.raises(ValueError, match=f"{name!r}; {there_are}"):
        render(tmp_path / "orders", {"service": "orders", name: "other"})

    assert not list(tmp_path.iterdir())
