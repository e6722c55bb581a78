"""Kafka's jars: fetched once from Maven Central, each with the hash in jars.lock or refused."""

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
    """A jar is not the one that was locked."""


class Unreachable(CannotStart):
    """A jar is neither cached nor to be had."""


@dataclasses.dataclass(frozen=True)
class Jar:
    """One artifact and what its bytes must hash to."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file(self) -> str:
        """Its name in the cache."""
        return f"{self.artifact}-{self.version}.jar"


def locked(lock: Path = LOCK) -> list[Jar]:
    """What jars.lock asks for."""
    jars = []
    for line in lock.read_text().splitlines():
        if not line.startswith("#"):
            coordinate, _, sha256 = line.partition(" sha256:")
            group, artifact, version = coordinate.split(":")
            jars.append(Jar(group, artifact, version, sha256))
    return jars


def cache() -> Path:
    """The folder for what is fetched once per user, shared by all checkouts."""
    try:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        folder = root / "makegood" / "jars"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):  # no home, or one that can't be written: the checkout has one
        pass
    folder = CHECKOUT / ".makegood" / "cache" / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fetch(jars: Iterable[Jar], folder: Path, seen: Callable[[], None] = lambda: None) -> list[Path]:
    """Make sure of every jar; their paths. Calls `seen` once for each; what it raises ends this.

    Raises WrongHash, the bad file removed; Unreachable if one is missing and can't be fetched.
    """
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        paths = []
        futures = [pool.submit(_ensure, jar, folder) for jar in jars]
        try:
            for future in futures:
                paths.append(future.result())
                seen()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        return paths


def check(jar: Jar, path: Path) -> None:
    """Refuse a file that is not this jar, and remove it."""
    found = digest(path)
    if found != jar.sha256:
        path.unlink()
        raise WrongHash(
            f"{jar.file} is not the file that jars.lock names, and was removed.\n"
            f"  locked {jar.sha256}\n  found  {found}\n"
            "Start again to fetch it anew. If it fails again, whatever stands between this machine "
            "and Maven Central changes files: do not go on before you know why."
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
    from jgo.maven import MavenContext  # slow to import, and not needed once cached

    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".fetching-") as draft:
        context = MavenContext(repo_cache=Path(draft), timeout=FETCH_S_MAX)
        component = context.project(jar.group, jar.artifact).at_version(jar.version)
        try:
            fetched = component.artifact().resolve()
        except Exception as error:  # whatever jgo's HTTP client raises: there is no jar
            raise Unreachable(
                f"{jar.file} is not cached in {path.parent} and could not be fetched from Maven "
                f"Central: {error}\nCheck the network (a proxy is set by HTTPS_PROXY) and start "
                "again; what was fetched so far is kept."
            ) from error
        check(jar, fetched)
        fetched.replace(path)
