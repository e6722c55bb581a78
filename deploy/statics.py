"""`python -m deploy.statics`: style and script of the pages, taken out of a pinned jar.

Promises: the files in `shared/pages/govuk` are those of GOV.UK Frontend, less what belongs to the
government's own site: its typeface, its crest, its crown. Once the jar is cached, no network is
needed. What is there already is left as it is.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Final

from deploy.local.servers import jars

LOCK: Final = Path(__file__).with_name("webjars.lock")
FOLDER: Final = Path(__file__).resolve().parents[1] / "shared" / "pages" / "govuk"
STYLE: Final = "govuk-frontend.min.css"
SCRIPT: Final = "govuk-frontend.min.js"
MARK: Final = "made-of"
"""Names the jar that the files were taken from."""

_FONT_FACE: Final = re.compile(r"(/\*!?[^*]*\*/)?@font-face\{[^}]*\}")
_CREST: Final = re.compile(r"(-webkit-)?(background|mask)-image:url\([^)]*crest[^)]*\);?")
_TYPEFACE: Final = re.compile(r"GDS Transport,\s*")
_SOURCE_MAP: Final = re.compile(r"(/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+)\s*$")


def build(folder: Path = FOLDER) -> None:
    """Makes the files, if they are not of this jar yet. Raises `jars.WrongHash` and
    `jars.Unreachable`."""
    (jar,) = jars.locked(LOCK)
    mark = folder / MARK
    if mark.exists() and mark.read_text() == jar.sha256:
        mark.touch()  # make compares times
        return
    (path,) = jars.fetch([jar], jars.cache())
    inside = f"META-INF/resources/webjars/{jar.artifact}/{jar.version}/dist/govuk"
    with zipfile.ZipFile(path) as archive:
        style, script = (archive.read(f"{inside}/{name}").decode() for name in (STYLE, SCRIPT))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / STYLE).write_text(plain(style))
    (folder / SCRIPT).write_text(_SOURCE_MAP.sub("", script))
    mark.write_text(jar.sha256)


def plain(style: str) -> str:
    """A style sheet without typeface, crest and map."""
    for pattern in (_FONT_FACE, _CREST, _TYPEFACE, _SOURCE_MAP):
        style = pattern.sub("", style)
    return style


if __name__ == "__main__":
    build()
