"""Finds the state of its template that a service was rendered from, as well as can be known.

The recorded commit may be gone: squashed, rewritten, or never there, as Copier's own commit for a
work tree with changes. And who edits the template, syncs, and commits both at once, has recorded
the commit before. So there are several candidates, of which the one wins that the service is most
like.
"""

from collections.abc import Iterator
from contextlib import suppress

from gates.git import git
from gates.records import Record
from gates.render import Rendering, render_again
from gates.upstream import OWN, Templates, tag_of


def origin(templates: Templates, source: str, record: Record) -> Rendering | None:
    """What was rendered; None if no candidate is left."""
    found: list[tuple[int, Rendering]] = []
    for commit in _candidates(templates, source, record):
        place = templates.new_folder() / record.path.parent.name
        with suppress(ValueError):  # one that cannot take the answers was not it
            rendering = render_again(templates.at(source, commit), record, place)
            found.append((_unlike(rendering, record), rendering))
        if found and found[-1][0] == 0:
            break
    return min(found, key=lambda each: each[0])[1] if found else None


def _candidates(templates: Templates, source: str, record: Record) -> Iterator[str]:
    """In one repository what was committed together fits together; a description has a release."""
    names = [record.called]
    if source == OWN:
        for path in (record.path, record.path.parent):
            last = ["log", "-1", "--format=%H", "--", str(path)]
            names += git(templates.root, *last).split()
    elif not templates.commit(source, record.called):
        names.append(tag_of(record.called))
    for name in dict.fromkeys(names):
        if commit := templates.commit(source, name):
            yield commit


def _unlike(rendering: Rendering, record: Record) -> int:
    """How many of the template's files are not in the service as they were rendered."""
    folder = record.path.parent
    files = {folder / path: rendering.file(path) for path in rendering.owned}
    return sum(
        not (ours.is_file() and fresh and ours.read_bytes() == fresh.read_bytes())
        for ours, fresh in files.items()
    )
