"""Signed notes, keys, checkpoints: Go's known answers, and what must be refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.domain.log import notes

GO_SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXg"
    "KvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
GO_NOTE = f"{GO_TEXT}\n{GO_SIGNATURE}"

C2SP_VERIFIER = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
    "OBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)

KEY = notes.SignerKey("makegood.example/log", bytes(range(32)))
OTHER_KEY = notes.SignerKey("makegood.example/log", bytes(32))
CHECKPOINT = notes.Checkpoint("makegood.example/log", 20_852_163, bytes(range(32)))


class TestKnownAnswers:
    """Notes and keys of other implementations."""

    def test_go_keys_are_read_and_written(self) -> None:
        """Go's keys are two halves of one, and are encoded as they were."""
        signer = notes.parse_signer_key(GO_SIGNER)
        assert signer.verifier_key == notes.parse_verifier_key(GO_VERIFIER)
        assert (GO_SIGNER, GO_VERIFIER) == (signer.encode(), signer.verifier_key.encode())

    def test_go_note_is_signed(self) -> None:
        """Our signature is the same as Go's, to the byte."""
        assert GO_NOTE == notes.sign(GO_TEXT, notes.parse_signer_key(GO_SIGNER))

    def test_go_note_is_opened(self) -> None:
        """Go's note opens with Go's key."""
        key = notes.parse_verifier_key(GO_VERIFIER)
        assert notes.Note(GO_TEXT, (key,)) == notes.open_note(GO_NOTE, [key])

    def test_c2sp_note_is_opened(self) -> None:
        """The specification's own example opens."""
        key = notes.parse_verifier_key(C2SP_VERIFIER)
        expected = notes.Note("This is an example message.\n", (key,))
        assert expected == notes.open_note(C2SP_NOTE, [key])


class TestNote:
    """Which notes are opened and which are refused."""

    def test_ignores_unknown_keys(self) -> None:
        """A note with a signature of an unknown key opens by that of a known one."""
        note = notes.sign("text\n", OTHER_KEY, KEY)
        assert (KEY.verifier_key,) == notes.open_note(note, [KEY.verifier_key]).signed_by

    def test_names_every_known_signer_once(self) -> None:
        """A repeated signature counts once."""
        note = notes.sign("text\n", KEY, OTHER_KEY, KEY)
        known = (KEY.verifier_key, OTHER_KEY.verifier_key)
        assert known == notes.open_note(note, known).signed_by

    def test_keeps_empty_lines_of_the_text(self) -> None:
        """Only the last empty line separates text from signatures."""
        note = notes.sign("one\n\ntwo\n\n", KEY)
        assert "one\n\ntwo\n\n" == notes.open_note(note, [KEY.verifier_key]).text

    def test_refuses_without_a_known_key(self) -> None:
        """A note that no known key signed is not opened."""
        with pytest.raises(notes.NoteRefusedError, match="no known key"):
            notes.open_note(notes.sign("text\n", KEY), [OTHER_KEY.verifier_key])

    def test_refuses_a_known_key_that_fails(self) -> None:
        """One bad signature of a known key is enough, even if another known key signed the note."""
        note = notes.sign("text\n", KEY)
        forged = note + notes.sign("another\n", OTHER_KEY).partition("\n\n")[2]
        assert "text\n" == notes.open_note(forged, [KEY.verifier_key]).text
        with pytest.raises(notes.NoteRefusedError, match="does not hold"):
            notes.open_note(forged, [KEY.verifier_key, OTHER_KEY.verifier_key])

    @given(st.integers(0, len(GO_TEXT) - 2))
    def test_refuses_another_text(self, at: int) -> None:
        """Any changed message breaks the signature."""
        changed = GO_NOTE[:at] + chr(ord(GO_NOTE[at]) ^ 1) + GO_NOTE[at + 1 :]
        with pytest.raises(notes.NoteRefusedError):
            notes.open_note(changed, [notes.parse_verifier_key(GO_VERIFIER)])

    @pytest.mark.parametrize(
        "note",
        [
            "",
            "\n\n",
            GO_TEXT,
            GO_TEXT + "\n",
            GO_NOTE.rstrip("\n"),
            GO_NOTE + "\n",
            GO_NOTE.replace("— ", "- "),
            GO_NOTE.replace("— ", "—"),
            GO_NOTE.replace("PeterNeumann ", " "),
            GO_NOTE.replace("PeterNeumann ", "Peter+Neumann "),
            GO_NOTE.replace("JnAM=", "JnAN="),
            GO_NOTE.replace("JnAM=", "JnA"),
            GO_NOTE.replace("\n", "\r\n"),
            "\x00" + GO_NOTE,
            f"{GO_TEXT}\n— PeterNeumann x08gow==\n",
            GO_NOTE + GO_SIGNATURE * notes.SIGNATURES_MAX,
        ],
    )
    def test_refuses_what_is_malformed(self, note: str) -> None:
        """The format has one spelling."""
        with pytest.raises(notes.NoteRefusedError):
            notes.open_note(note, [notes.parse_verifier_key(GO_VERIFIER)])

    @pytest.mark.parametrize("text", ["", "no newline", "tab\there\n"])
    def test_signs_only_what_can_be_opened(self, text: str) -> None:
        """A text that no reader would accept is not signed."""
        with pytest.raises(notes.NoteRefusedError):
            notes.sign(text, KEY)


class TestKeys:
    """Encoded keys."""

    @given(st.binary(min_size=32, max_size=32))
    def test_parse_is_the_inverse_of_encode(self, seed: bytes) -> None:
        """Both halves come back."""
        key = notes.SignerKey("makegood.example/log", seed)
        assert key == notes.parse_signer_key(key.encode())
        assert key.verifier_key == notes.parse_verifier_key(key.verifier_key.encode())

    def test_seed_is_never_shown(self) -> None:
        """In a log line a key shows only its name."""
        assert "SignerKey(name='makegood.example/log')" == repr(KEY)

    @pytest.mark.parametrize(
        "encoded",
        [
            "",
            "PeterNeumann",
            GO_VERIFIER.replace("c74f20a3", "c74f20a4"),
            GO_VERIFIER.replace("PeterNeumann", "Peter Neumann"),
            GO_VERIFIER.replace("PeterNeumann", ""),
            GO_VERIFIER.replace("+AR", "+Ag"),
            GO_VERIFIER[:-4],
            GO_VERIFIER + "\n",
        ],
    )
    def test_refuses_odd_verifier_keys(self, encoded: str) -> None:
        """Another id, name, type or length is refused."""
        with pytest.raises(notes.KeyRefusedError):
            notes.parse_verifier_key(encoded)

    @pytest.mark.parametrize(
        "encoded",
        ["", GO_VERIFIER, GO_SIGNER.removeprefix("PRIVATE+"), GO_SIGNER.replace("c74f", "c74e")],
    )
    def test_refuses_odd_signer_keys(self, encoded: str) -> None:
        """What is not a signer key is refused."""
        with pytest.raises(notes.KeyRefusedError):
            notes.parse_signer_key(encoded)


class TestCheckpoint:
    """Origin, size, root."""

    def test_body_is_three_lines(self) -> None:
        """As the specification spells it."""
        root = base64.b64encode(bytes(range(32))).decode()
        assert f"makegood.example/log\n20852163\n{root}\n" == CHECKPOINT.body()

    @given(st.integers(0, 2**60), st.binary(min_size=32, max_size=32))
    def test_parse_is_the_inverse_of_body(self, size: int, root: bytes) -> None:
        """A checkpoint comes back as it was."""
        checkpoint = notes.Checkpoint("makegood.example/log", size, root)
        assert checkpoint == notes.parse_checkpoint(checkpoint.body())

    def test_opens_by_its_key(self) -> None:
        """A checkpoint that is signed and opened is the same."""
        note = notes.sign(CHECKPOINT.body(), KEY)
        opened = notes.open_checkpoint(note, KEY.verifier_key, origin=CHECKPOINT.origin)
        assert CHECKPOINT == opened

    def test_refuses_another_log(self) -> None:
        """A key may sign for two logs, and they are told apart."""
        note = notes.sign(CHECKPOINT.body(), KEY)
        with pytest.raises(notes.NoteRefusedError, match=r"not of other\.example"):
            notes.open_checkpoint(note, KEY.verifier_key, origin="other.example")

    @pytest.mark.parametrize(
        "body",
        [
            "",
            CHECKPOINT.body()[:-1],
            "\n" + CHECKPOINT.body(),
            CHECKPOINT.body() + "extension\n",
            CHECKPOINT.body().replace("20852163", "020852163"),
            CHECKPOINT.body().replace("20852163", "-1"),
            CHECKPOINT.body().replace("20852163", "٣"),
            CHECKPOINT.body().replace("20852163", "1e3"),
            CHECKPOINT.body().replace("=\n", "\n"),
            "makegood.example/log\n1\nAAAA\n",
        ],
    )
    def test_refuses_what_is_malformed(self, body: str) -> None:
        """A checkpoint has one spelling."""
        with pytest.raises(notes.NoteRefusedError):
            notes.parse_checkpoint(body)
