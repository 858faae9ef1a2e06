"""Shows where a service is no longer what the template renders for its answers.

    python drift.py [<service> …]

The template owns the files that `copier.yml` lists with `!` under `_skip_if_exists`: they must be
the same, byte for byte, and there must be no other files in their place, as in plumbline/, unless
the team accepts that with a reason. All other files are the team's. The template is the work tree,
or, for a service that was rendered from another repository, that repository at the commit that the
service has recorded.
"""

import difflib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from gates import interrupted  # noqa: F401 - first: a Ctrl-C gets a sentence from here on
from gates.accepted import accepted, complaints, place_of
from gates.records import ANSWERS, Record, chosen, records
from gates.render import ROOT, Rendering, held_to, render_again
from gates.upstream import Templates, templates_for


@dataclass(frozen=True)
class Deviation:
    """A file that is not what the template renders."""

    path: Path  # in the service
    message: str
    fresh: Path | None  # what should be there; None where nothing should be


@dataclass(frozen=True)
class Comparison:
    """A service beside what the template renders for its answers."""

    folder: Path
    renderings: list[Rendering]
    red: list[Deviation]
    accepted: dict[Path, str]  # what differs for a reason
    complaints: list[str]  # what is wrong about the reasons


def compare(templates: Templates, folder: Path) -> Comparison:
    """Render anew all that was rendered into a folder, and compare it.

    Raises `ValueError` with one sentence where that cannot be done.
    """
    read = records(folder)
    reasons = accepted(folder)
    renderings = [_render(templates, record) for record in read]
    if any(record.path.name == ANSWERS for record in read):
        found = [*_changed(templates, folder, renderings), *_extra(templates, folder, renderings)]
    elif Path(ANSWERS) in reasons:
        found = [Deviation(Path(ANSWERS), "", None)]
    else:
        raise ValueError(
            f"{templates.shown(folder / ANSWERS)} is missing: bring it back from git, or accept"
            f" that in {templates.shown(place_of(folder))} with a reason."
        )
    return Comparison(
        folder=folder,
        renderings=renderings,
        red=sorted((each for each in found if each.path not in reasons), key=lambda it: it.path),
        accepted={each.path: reasons[each.path] for each in found if each.path in reasons},
        complaints=complaints(folder, reasons, {each.path for each in found}),
    )


def _render(templates: Templates, record: Record) -> Rendering:
    state = held_to(templates, record)
    return render_again(state, record, templates.new_folder() / record.path.parent.name)


def _changed(
    templates: Templates, folder: Path, renderings: list[Rendering]
) -> Iterator[Deviation]:
    """The files that are missing, or have another content or mode."""
    files = {path: each.file(path) for each in renderings for path in each.owned}
    for path, fresh in files.items():
        shown = templates.shown(folder / path)
        if there := in_the_way(folder, path):
            what = templates.shown(there)
            message = f"There can be no file {shown}: move {what}, which is in the way.\n"
            yield Deviation(path, message, fresh)
        elif fresh and (message := _difference(shown, folder / path, fresh)):
            yield Deviation(path, message, fresh)


def _extra(templates: Templates, folder: Path, renderings: list[Rendering]) -> Iterator[Deviation]:
    """The files that are in a place of the template's, which has none there, or no longer."""
    rendered = {path for each in renderings for path in each.owned}
    extra = {path for each in renderings for path in each.extra(folder)}
    for path in extra - rendered:
        if not in_the_way(folder, path):
            shown = templates.shown(folder / path)
            message = f"{shown} is stale or extra: the template has no such file.\n"
            yield Deviation(path, message, None)


def in_the_way(folder: Path, path: Path) -> Path | None:
    """What is where the file, or a folder that leads to it, should be; a link to a file is not."""
    if (folder / path).exists() and not (folder / path).is_file():
        return folder / path
    leading = [folder / each for each in path.parents[:-1]]
    return next((each for each in leading if each.is_symlink() or each.is_file()), None)


def _difference(shown: str, ours: Path, fresh: Path) -> str:
    if ours.is_symlink():
        return f"{shown} is no plain file.\n"
    if not ours.exists():
        return f"{shown} is missing.\n"
    message = ""
    if ours.stat().st_mode & 0o111 != fresh.stat().st_mode & 0o111:
        message = f"{shown} is executable on one side only.\n"
    if ours.read_bytes() != fresh.read_bytes():
        sides = (f"template: {shown}", f"service: {shown}")
        message += "".join(difflib.unified_diff(_lines(fresh), _lines(ours), *sides))
    return message


def _lines(path: Path) -> list[str]:
    lines = path.read_bytes().decode("utf-8", "backslashreplace").splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n\\ No newline at end of file\n"
    return lines


def main(names: list[str], root: Path = ROOT) -> str | None:
    """Print what drifted; gives the reason to fail."""
    try:
        with templates_for(root) as templates:
            there = chosen(root, names)
            compared = [compare(templates, folder) for folder in there.values()]
            for comparison in compared:
                print_accepted(templates, comparison)
    except ValueError as error:
        return str(error)
    red = [each.message for comparison in compared for each in comparison.red]
    wrong = [each for comparison in compared for each in comparison.complaints]
    print("\n".join([*red, *wrong]), end="\n" if wrong else "")
    return closing(len(red), len(wrong), list(there))


def print_accepted(templates: Templates, comparison: Comparison) -> None:
    """Print what differs for a reason."""
    for path, reason in comparison.accepted.items():
        print(f"{templates.shown(comparison.folder / path)} differs, accepted: {reason}")


def closing(red: int, wrong: int, names: list[str]) -> str | None:
    """Print that all is well, or give the reason to fail."""
    if red:
        files = "1 file" if red == 1 else f"{red} files"
        return (
            f"{files} drifted: undo that with nox -s sync, make it in the template, or accept it in"
            " pyproject.toml with a reason."
        )
    if wrong:
        return "Fix [tool.drift.accepted]: see above."
    print(f"As the template renders them: {', '.join(names)}.")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
