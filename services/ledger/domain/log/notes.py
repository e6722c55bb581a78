"""C2SP signed notes and tlog checkpoints, signed with Ed25519 (signature type 0x01).

Promises: signatures of unknown keys are ignored. Verifier keys are `name+id+key` and signer keys
`PRIVATE+KEY+name+id+key`, as Go writes them; `parse_…` and `encode` are inverse.

Refuses, with NoteRefusedError or KeyRefusedError and the reason: a note that no known key signed,
or with a signature of a known key that does not hold; control characters, base64 in a spelling that
is not canonical, more than SIGNATURES_MAX signatures, other key types; and a checkpoint that is not
exactly origin, size and root. Extension lines are refused too, for this log has none.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519

ED25519: Final = b"\x01"
"""The signature type; the first byte of an encoded key."""
KEY_BYTES: Final = 32
SIGNATURES_MAX: Final = 100
"""A reader must accept 16. More than this limit would only keep it busy."""

_MARK: Final = "— "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteRefusedError(ValueError):
    """The note cannot be trusted."""


class KeyRefusedError(ValueError):
    """This is not a key of a known kind."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a key: who signs under `name`, and 32 bytes."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.public) != KEY_BYTES:
            raise KeyRefusedError("an Ed25519 key must be 32 bytes")

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || "\\n" || type || public)[:4]."""
        return hashlib.sha256(f"{self.name}\n".encode() + ED25519 + self.public).digest()[:4]

    def encode(self) -> str:
        """`name+hex(id)+base64(type || public)`. Inverse of `parse_verifier_key`."""
        return f"{self.name}+{self.key_id.hex()}+{_encode64(ED25519 + self.public)}"


@dataclass(frozen=True, slots=True)
class SignerKey:
    """The private half of a key: a seed of 32 bytes, which `repr` never shows."""

    name: str
    seed: bytes = field(repr=False)

    @property
    def verifier_key(self) -> VerifierKey:
        """The public half of this key."""
        return VerifierKey(self.name, self._private().public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature, 64 bytes."""
        return self._private().sign(message)

    def encode(self) -> str:
        """`PRIVATE+KEY+name+hex(id)+base64(type || seed)`. Inverse of `parse_signer_key`."""
        key_id = self.verifier_key.key_id.hex()
        return f"PRIVATE+KEY+{self.name}+{key_id}+{_encode64(ED25519 + self.seed)}"

    def _private(self) -> ed25519.Ed25519PrivateKey:
        return ed25519.Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends with a newline, and the known keys that signed it, at least one."""

    text: str
    signed_by: tuple[VerifierKey, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """States that the log `origin` had `size` leaves with this root."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The text that is signed. Inverse of `parse_checkpoint`."""
        assert len(self.root) == hashlib.sha256().digest_size
        return f"{self.origin}\n{self.size}\n{_encode64(self.root)}\n"


def sign(text: str, *signers: SignerKey) -> str:
    """The signed note over `text`, which must end with a newline. Raises NoteRefusedError."""
    if not text.endswith("\n") or _CONTROL.search(text):
        raise NoteRefusedError("a text must end with a newline and have no other control character")
    lines = [
        f"{_MARK}{signer.name} {_encode64(signer.verifier_key.key_id + signer.sign(text.encode()))}"
        for signer in signers
    ]
    return "\n".join([text, *lines, ""])


def open_note(note: str, known: Iterable[VerifierKey]) -> Note:
    """The text of `note`, and which of the `known` keys signed it. Raises NoteRefusedError."""
    if _CONTROL.search(note):
        raise NoteRefusedError("it has a control character")
    head, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise NoteRefusedError("it does not end with a blank line and signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise NoteRefusedError(f"it has more than {SIGNATURES_MAX} signatures")
    text = head + "\n"
    keys = {(key.name, key.key_id): key for key in known}
    signed_by: dict[VerifierKey, None] = {}
    for name, key_id, signature in map(_parse_signature, lines):
        key = keys.get((name, key_id))
        if key is not None:
            _check_signature(key, signature, text.encode())
            signed_by[key] = None
    if not signed_by:
        raise NoteRefusedError("no known key signed it")
    return Note(text, tuple(signed_by))


class Signer(NamedTuple):
    """Who claims to have signed a note."""

    name: str
    key_id: bytes


def list_signers(note: str) -> list[Signer]:
    """Who claims to have signed a note. Checks no signature. Raises NoteRefusedError."""
    tail = note.rpartition("\n\n")[2]
    parsed = map(_parse_signature, tail.rstrip("\n").split("\n"))
    return [Signer(name, key_id) for name, key_id, _ in parsed]


def open_checkpoint(note: str, key: VerifierKey, *, origin: str) -> Checkpoint:
    """The checkpoint of log `origin` that `key` signed. Raises NoteRefusedError."""
    checkpoint = parse_checkpoint(open_note(note, [key]).text)
    if checkpoint.origin != origin:
        raise NoteRefusedError(f"it is a checkpoint of {checkpoint.origin}, not of {origin}")
    return checkpoint


def parse_checkpoint(body: str) -> Checkpoint:
    """Inverse of `Checkpoint.body`. Checks no signature. Raises NoteRefusedError."""
    lines = body.split("\n")
    if len(lines) != 4 or not lines[0] or lines[3]:
        raise NoteRefusedError("a checkpoint must be three lines: origin, size, root")
    origin, size, encoded = lines[:3]
    if not _SIZE.fullmatch(size):
        raise NoteRefusedError("a size must be a decimal number without leading zeros")
    root = decode64(encoded)
    if len(root) != hashlib.sha256().digest_size:
        raise NoteRefusedError("a root must be 32 bytes")
    return Checkpoint(origin, int(size), root)


def parse_verifier_key(encoded: str) -> VerifierKey:
    """Inverse of `VerifierKey.encode`. Raises KeyRefusedError."""
    name, _, rest = encoded.partition("+")
    key_id, _, key = rest.partition("+")
    parsed = VerifierKey(name, _key_material(key))
    if parsed.key_id.hex() != key_id:
        raise KeyRefusedError("the key's id is not that of its name and bytes")
    return parsed


def parse_signer_key(encoded: str) -> SignerKey:
    """Inverse of `SignerKey.encode`. Raises KeyRefusedError, which never shows the key."""
    private, _, rest = encoded.partition("+KEY+")
    name, _, rest = rest.partition("+")
    key_id, _, key = rest.partition("+")
    if private != "PRIVATE":
        raise KeyRefusedError("a signer key must begin with PRIVATE+KEY+")
    parsed = SignerKey(name, _key_material(key))
    if parsed.verifier_key.key_id.hex() != key_id:
        raise KeyRefusedError("the key's id is not that of its name and public half")
    return parsed


def check_name(name: str) -> None:
    """Raises KeyRefusedError for a name that no key can have."""
    if not name or "+" in name or any(character.isspace() for character in name):
        raise KeyRefusedError(
            "a key's name must not be empty, and must have neither spaces nor a plus"
        )


def decode64(encoded: str) -> bytes:
    """Decodes standard base64 in its canonical spelling. Raises NoteRefusedError."""
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteRefusedError("it has base64 that is not canonical") from error
    if _encode64(decoded) != encoded:  # stray bits in the last character
        raise NoteRefusedError("it has base64 that is not canonical")
    return decoded


def _encode64(plain: bytes) -> str:
    return base64.b64encode(plain).decode()


class _Signature(NamedTuple):
    name: str
    key_id: bytes
    signature: bytes


def _parse_signature(line: str) -> _Signature:
    """The parts of `— name base64(id || signature)`. Raises NoteRefusedError."""
    name, separator, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not separator:
        raise NoteRefusedError("a signature line must be a dash, a name and base64")
    try:
        check_name(name)
    except KeyRefusedError as error:
        raise NoteRefusedError(str(error)) from error
    blob = decode64(encoded)
    if len(blob) < 5:
        raise NoteRefusedError("a signature must be longer than the id of its key")
    return _Signature(name, blob[:4], blob[4:])


def _check_signature(key: VerifierKey, signature: bytes, message: bytes) -> None:
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature as error:
        raise NoteRefusedError(f"the signature of {key.name} does not hold") from error


def _key_material(encoded: str) -> bytes:
    try:
        key = decode64(encoded)
    except NoteRefusedError as error:
        raise KeyRefusedError("the key is base64 that is not canonical") from error
    if key[:1] != ED25519 or len(key) != 1 + KEY_BYTES:
        raise KeyRefusedError("only Ed25519 keys (type 0x01, 32 bytes) are accepted")
    return key[1:]
