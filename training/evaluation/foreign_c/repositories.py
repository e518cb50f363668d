"""Which files of which public repositories are read, and what a compiler is told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cprograms.diagnostics import UsageError
from cprograms.harvest.includes import prepare
from training.config import config_of, read_mapping

LIST = Path(__file__).with_name("repositories.yaml")
STUDIED, HELD_OUT = "studied", "held_out"


@dataclass(frozen=True)
class Repository:
    """A public repository, "owner/name", at a commit, and patterns of its numeric files."""

    repository: str
    commit: str
    files: tuple[str, ...]
    include: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    linked: bool = False

    @property
    def folder(self) -> str:
        """Where it is checked out among the sources."""
        return self.repository.replace("/", "+")


@dataclass(frozen=True)
class ForeignFile:
    """A file to read: its repository, its path there, and where it and its includes are on this machine."""

    repository: str
    name: str
    path: str
    include: tuple[str, ...]
    defines: tuple[str, ...]


def read_repositories(path: Path = LIST) -> dict[str, tuple[Repository, ...]]:
    """The repositories by the name of their set. Raises UsageError for a file that holds something else."""
    sets = read_mapping(path)
    return {name: tuple(config_of(Repository, r, f"{path}: {name}") for r in found) for name, found in sets.items()}


def files_of(repositories: Sequence[Repository], sources: Path, work: Path) -> list[ForeignFile]:
    """Every file of repositories that are checked out as `sources`/owner+name, in order.

    `work` is for the folders of linked headers. Raises UsageError where a repository, or one of its files, is missing.
    """
    return [file for repository in repositories for file in _files(repository, sources / repository.folder, work)]


def _files(repository: Repository, root: Path, work: Path) -> list[ForeignFile]:
    if not root.is_dir():
        raise UsageError(f"{root}: check out {repository.repository} there, at {repository.commit}")
    include = [str(root / folder) for folder in repository.include]
    if repository.linked:
        links = work / "links" / repository.folder
        prepare(root.resolve(), links)
        include.append(str(links))
    names: dict[str, None] = {}
    for pattern in repository.files:
        found = sorted(p.relative_to(root).as_posix() for p in root.glob(pattern) if p.is_file())
        if not found:
            raise UsageError(f"{root}: holds no file '{pattern}'")
        names.update(dict.fromkeys(found))
    given = (tuple(include), repository.defines)
    return [ForeignFile(repository.repository, name, str(root / name), *given) for name in names]
