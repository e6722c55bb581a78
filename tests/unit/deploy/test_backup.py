"""What a backup is made of, and what is refused before anything is written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from deploy.backup import RefusedError, manifest, places, restoring, saving
from deploy.local import steps


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A backup of two files."""
    folder = tmp_path / "saved"
    (folder / "keys").mkdir(parents=True)
    (folder / "database.dump").write_bytes(b"tables")
    (folder / "keys" / "log.key").write_bytes(b"k" * 32)
    names = ("database.dump", "keys/log.key")
    files = {name: manifest.digest(folder / name, lambda _: None) for name in names}
    manifest.write(folder, files, log_size=7)
    return folder


def check(folder: Path) -> None:
    manifest.check(folder, manifest.read(folder), lambda _: None)


class TestManifest:
    def test_has_the_sum_of_each_file(self, saved: Path) -> None:
        """Its SHA-256 and its size in bytes; only the owner can read it."""
        found = json.loads((saved / places.MANIFEST).read_text())
        assert [hashlib.sha256(b"tables").hexdigest(), 6] == found["files"]["database.dump"]
        assert (1, 7) == (found["format"], found["log_size"])
        assert 0o600 == (saved / places.MANIFEST).stat().st_mode & 0o777
        check(saved)

    def test_names_all_that_is_wrong(self, saved: Path) -> None:
        """A changed file, a missing one and one too many, at once."""
        (saved / "database.dump").write_bytes(b"Tables")
        (saved / "keys" / "log.key").unlink()
        (saved / "keys" / "other.key").touch()
        with pytest.raises(RefusedError) as refused:
            check(saved)
        assert [
            "database.dump was changed",
            "keys/log.key is missing",
            "keys/other.key does not belong to it",
        ] == [line.strip() for line in str(refused.value).splitlines()[1:]]

    def test_takes_no_link_for_a_file(self, saved: Path, tmp_path: Path) -> None:
        """What it leads to may change after the check."""
        (tmp_path / "elsewhere").write_bytes(b"tables")
        (saved / "database.dump").unlink()
        (saved / "database.dump").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(RefusedError, match=r"database\.dump is missing"):
            check(saved)

    @pytest.mark.parametrize(
        "name", ["../stolen", "/etc/passwd", "keys/../../x", "./database.dump"]
    )
    def test_names_nothing_outside(self, saved: Path, name: str) -> None:
        """No file is read or written elsewhere."""
        text = (saved / places.MANIFEST).read_text().replace("keys/log.key", name)
        (saved / places.MANIFEST).write_text(text)
        with pytest.raises(RefusedError, match="outside of the backup"):
            manifest.read(saved)

    def test_is_missed(self, tmp_path: Path) -> None:
        """A backup that was not completed has none."""
        with pytest.raises(RefusedError, match="one that was not completed"):
            manifest.read(tmp_path)

    def test_of_another_format_is_not_guessed_at(self, saved: Path) -> None:
        text = (saved / places.MANIFEST).read_text().replace('"format": 1', '"format": 2')
        (saved / places.MANIFEST).write_text(text)
        with pytest.raises(RefusedError, match="has format 2; this version of Makegood knows 1"):
            manifest.read(saved)


class TestSaving:
    async def test_overwrites_nothing(self, saved: Path, tmp_path: Path) -> None:
        """A folder that holds something is refused before the database is asked."""
        with pytest.raises(RefusedError, match="nothing is overwritten"):
            await saving.save(tmp_path / "state", "", saved, steps.silent())

    async def test_is_not_deleted_with_what_it_saved(self, tmp_path: Path) -> None:
        """`makegood down --forget` deletes the state folder."""
        with pytest.raises(RefusedError, match="choose a folder elsewhere"):
            await saving.save(tmp_path, "", tmp_path / "saved", steps.silent())


class TestRestoring:
    @pytest.mark.parametrize("name", restoring.OURS)
    async def test_overwrites_nothing(self, saved: Path, tmp_path: Path, name: str) -> None:
        """A state folder that holds any data is refused, and stays as it is."""
        state = tmp_path / "state"
        (state / name).mkdir(parents=True)
        with pytest.raises(RefusedError, match="nothing is overwritten"):
            await restoring.restore(state, saved, steps.silent())
        assert (state / name).exists()

    async def test_writes_nothing_of_a_changed_backup(self, saved: Path, tmp_path: Path) -> None:
        """It is read as a whole first."""
        (saved / "database.dump").write_bytes(b"Tables")
        state = tmp_path / "state"
        with pytest.raises(RefusedError, match=r"database\.dump was changed"):
            await restoring.restore(state, saved, steps.silent())
        assert {"lock"} == {path.name for path in state.iterdir()}


class TestCopy:
    def test_is_its_owners_alone(self, tmp_path: Path) -> None:
        """Whatever the mode of the file that was copied; also the folders that were made."""
        source = tmp_path / "open"
        source.write_bytes(b"secret")
        source.chmod(0o644)
        told: list[int] = []
        made = manifest.copy(source, tmp_path / "a" / "b", told.append)
        assert manifest.File(hashlib.sha256(b"secret").hexdigest(), 6) == made
        assert [6] == told
        assert 0o600 == (tmp_path / "a" / "b").stat().st_mode & 0o777
        assert 0o700 == (tmp_path / "a").stat().st_mode & 0o777
