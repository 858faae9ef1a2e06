"""A Dockerfile done without containers: its instructions, in a folder laid out like the image.

What stands in for the rest: for the base images the Python and the uv of this machine, for the
user the one that runs this. `/app` in a command or a variable is `app` in that folder, and so on.
"""

import json
import os
import posixpath
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

LIMIT = 300  # seconds that a command may take; only one that hangs needs them
OURS = re.compile(r"(?<![\w.~-])/(?=(app|data)\b)")  # paths that only the image has


@dataclass(frozen=True)
class Instruction:
    """One of them, its continued lines joined."""

    name: str
    value: str


def instructions(text: str) -> list[Instruction]:
    """All of a Dockerfile, without comments."""
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    lines = re.sub(r"\\\n\s*", "", code).splitlines()
    return [Instruction(*line.split(maxsplit=1)) for line in lines if line.strip()]


@dataclass(frozen=True)
class Image:
    """What an image says of itself, and the folder that is its root."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    says: dict[str, str] = field(default_factory=dict)  # the instructions that only declare

    @property
    def command(self) -> list[str]:
        """What a container of it runs."""
        return _words(self.says["CMD"])

    @property
    def health(self) -> list[str]:
        """What checks whether that is healthy."""
        return _words(self.says["HEALTHCHECK"].partition(" CMD ")[2])

    def here(self, text: str) -> str:
        """A command or a value, with the image's paths in its root."""
        return OURS.sub(f"{self.root.as_posix()}/", text)

    def path(self, name: str) -> Path:
        """Where a path of the image is."""
        return self.root / Path(self.folder, name).relative_to("/")

    def environment(self, **more: str) -> dict[str, str]:
        """What a process in it would see, and what uv needs to know of this machine."""
        programs = self.root / "usr/local/bin"
        own = {name: self.here(value) for name, value in (self.env | more).items()}
        own.pop("UV_CACHE_DIR", None)  # the mount for it: this machine's own is as good
        path = os.pathsep.join([str(programs), os.environ["PATH"]])
        own["PATH"] = own.get("PATH", "$PATH").replace("$PATH", path)
        return os.environ | {"UV_PYTHON": str(programs / "python3")} | own

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a program in it to its end, whatever that is."""
        return subprocess.run(  # noqa: S603 - of the Dockerfile
            [self.here(word) for word in command],
            cwd=self.path("."),
            env=self.environment(**more),
            check=False,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )

    def start(self, log: Path, **more: str) -> "subprocess.Popen[bytes]":
        """Start what a container of it would run."""
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - the same
                self.command,
                cwd=self.path("."),
                env=self.environment(**more),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def files(self, name: str) -> list[str]:
        """All files below a path of the image, relative to that."""
        top = self.path(name)
        return sorted(str(path.relative_to(top)) for path in top.rglob("*") if not path.is_dir())


def sent(context: Path, ignore: Path) -> Iterator[Path]:
    """Yield the files of a context that an ignore file, such as `.dockerignore`, lets through.

    Raises `ValueError` for a link, which would arrive without what it points to.
    """
    lines = ignore.read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    patterns = [(rule.startswith("!"), _pattern(rule)) for rule in rules]
    for path in context.rglob("*"):
        relative = path.relative_to(context)
        names = [name.as_posix() for name in (relative, *relative.parents)][:-1]
        hits = [kept for kept, each in patterns if any(each.fullmatch(name) for name in names)]
        if path.is_file() and (not hits or hits[-1]):
            if path.is_symlink():
                raise ValueError(f"{relative} is a link: only a file can be sent")
            yield path


def _pattern(rule: str) -> re.Pattern[str]:
    plain = re.escape(posixpath.normpath(rule.lstrip("!")))
    return re.compile(plain.replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*"))


class Build:
    """The stages of a Dockerfile, one after the other, all in the same place as in a container."""

    def __init__(self, context: Path, ignore: Path, folder: Path, uv: str) -> None:
        """Send a context, but for what the file `ignore` leaves out, into the new `folder`."""
        self._folder = folder
        self._uv = uv
        self._done: dict[str, Image] = {}
        self._name = ""
        self._image = Image(folder / "image")
        for path in sent(context, ignore):
            copy = folder / "context" / path.relative_to(context)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)

    def image(self, text: str) -> Image:
        """Return what is left at the end. Raises `ValueError` at what cannot be done here."""
        for each in instructions(text):
            self._do(each.name, each.value)
        return self._image

    def _do(self, name: str, value: str) -> None:
        image = self._image
        match name:
            case "FROM":
                self._image = self._begin(value)
            case "COPY":
                self._copy(value)
            case "RUN":
                self._run(value)
            case "ENV":
                pairs = dict(word.split("=", 1) for word in shlex.split(value))
                self._image = replace(image, env=image.env | pairs)
            case "WORKDIR":
                image.path(value).mkdir(parents=True, exist_ok=True)
                self._image = replace(image, folder=value)
            case "CMD" | "EXPOSE" | "HEALTHCHECK" | "STOPSIGNAL" | "USER" | "VOLUME":
                self._image = replace(image, says=image.says | {name: value})
            case _:
                raise ValueError(f"{name} cannot be done here")

    def _begin(self, value: str) -> Image:
        """Put the stage before aside, and begin the next with what it is from."""
        root = self._image.root
        if root.exists():
            aside = Path(shutil.move(root, self._folder / f"stage {len(self._done)}"))
            self._done[self._name] = replace(self._image, root=aside)
        source, _, name = value.partition(" AS ")
        self._name = name or "last"
        if known := self._done.get(source):
            shutil.copytree(known.root, root, symlinks=True)
            return replace(known, root=root)
        self._stand_in(source, root)
        return Image(root)

    def _stand_in(self, source: str, root: Path) -> None:
        programs = root / "usr/local/bin"
        programs.mkdir(parents=True)
        if python := re.match(r"python:(\d+\.\d+)", source):
            (programs / "python3").symlink_to(self._python(python[1]))
        elif "/uv:" in source:
            shutil.copy(self._uv, root / "uv")
        else:
            raise ValueError(f"nothing here can stand in for {source}")

    def _python(self, version: str) -> str:
        """The Python of this version, or the one that runs this where there is none."""
        find = [self._uv, "python", "find", "--no-python-downloads", "--system", version]
        found = subprocess.run(  # noqa: S603 - uv
            find, check=False, capture_output=True, text=True, cwd="/"
        )
        return found.stdout.strip() or str(Path(sys.executable).resolve())

    def _copy(self, value: str) -> None:
        flag = re.match(r"--from=(\S+) ", value)
        origin = self._done[flag[1]].root if flag else self._folder / "context"
        *sources, target = [word for word in value.split() if not word.startswith("--")]
        for source in (origin / name.lstrip("/") for name in sources):
            to = self._image.path(target)
            if source.is_dir():
                shutil.copytree(source, to, symlinks=True, dirs_exist_ok=True)
                continue
            to = to / source.name if target.endswith("/") else to
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, to)

    def _run(self, value: str) -> None:
        command = re.sub(r"^(--\w+=\S+ )+", "", value)
        command = re.sub(r"--owner=\d+", f"--owner={os.getuid()}", command)
        done = self._image.run("sh", "-c", command)
        if done.returncode:
            raise ValueError(f"{command}\n{done.stderr}")


def _words(value: str) -> list[str]:
    """A command in its exec form, the only one that gets signals."""
    words: list[str] = json.loads(value)
    return words
