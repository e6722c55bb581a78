"""Kafka's jars: fetched once from Maven Central. A jar must have the hash that jars.lock gives."""

import concurrent.futures
import dataclasses
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from deploy.local import CHECKOUT, CannotStart

LOCK: Final = Path(__file__).with_name("jars.lock")
THREADS: Final = 8
FETCH_S_MAX: Final = 60


class WrongHash(CannotStart):
    """A jar does not have the hash in jars.lock."""


class Unreachable(CannotStart):
    """A jar is not cached and could not be fetched."""


@dataclasses.dataclass(frozen=True)
class Jar:
    """One artifact, and the SHA-256 of its bytes in hex."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        """The file's name in the cache."""
        return f"{self.artifact}-{self.version}.jar"


def locked(lock: Path = LOCK) -> list[Jar]:
    """The jars that jars.lock lists."""
    jars = []
    for line in lock.read_text().splitlines():
        if not line.startswith("#"):
            coordinate, _, sha256 = line.partition(" sha256:")
            group, artifact, version = coordinate.split(":")
            jars.append(Jar(group, artifact, version, sha256))
    return jars


def cache() -> Path:
    """The folder for jars, shared by all checkouts of a user. It is created if need be."""
    try:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = root / "makegood" / "jars"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):  # no home, or a read-only one: use the checkout
        pass
    folder = CHECKOUT / ".makegood" / "cache" / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fetch(
    jars: Iterable[Jar], folder: Path, fetched: Callable[[], None] = lambda: None
) -> list[Path]:
    """Fetches the jars that are missing and checks all of them. Returns their paths.

    Calls `fetched` after each jar; an exception from it ends the work. Raises WrongHash, after it
    has removed the wrong file, and Unreachable.
    """
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        paths = []
        futures = [pool.submit(_ensure, jar, folder) for jar in jars]
        try:
            for future in futures:
                paths.append(future.result())
                fetched()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        return paths


def check(jar: Jar, path: Path) -> None:
    """Removes a file that is not this jar, and raises WrongHash."""
    found = digest(path)
    if found != jar.sha256:
        path.unlink()
        raise WrongHash(
            f"{jar.file} does not have the hash that jars.lock gives, and was removed.\n"
            f"  locked {jar.sha256}\n  found  {found}\n"
            "Start again to fetch it anew. If it fails again, something between this machine and "
            "Maven Central changes files: do not go on until you know what."
        )


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _ensure(jar: Jar, folder: Path) -> Path:
    path = folder / jar.file
    if not path.exists():
        _fetch(jar, path)
    check(jar, path)
    return path


def _fetch(jar: Jar, path: Path) -> None:
    from jgo.maven import MavenContext  # slow to import, and only needed for the first fetch

    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetching-") as draft:
        context = MavenContext(repo_cache=Path(draft), timeout=FETCH_S_MAX)
        component = context.project(jar.group, jar.artifact).at_version(jar.version)
        try:
            fetched = component.artifact().resolve()
        except Exception as error:  # jgo's HTTP client raises errors of many kinds
            raise Unreachable(
                f"{jar.file} is not cached in {path.parent} and could not be fetched from Maven "
                f"Central: {error}\nCheck the network (HTTPS_PROXY sets a proxy) and start again; "
                "what has been fetched so far is kept."
            ) from error
        check(jar, fetched)
        fetched.replace(path)
