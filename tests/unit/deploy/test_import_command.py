"""`makegood import-contracts` as people run it: what it prints, and how it ends."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.verification.api import imports as doors
from services.verification.register import imports, releases
from services.verification.register.releases import Unreadable
from tests.support import published

COLUMNS = 80


class _Verification(http.server.BaseHTTPRequestHandler):
    """The import's door, before an empty register."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        file = imports.read(body, published.AT)
        if isinstance(file, Unreadable):
            self._answer(422, json.dumps({"title": file.reason, "status": 422}))
        else:
            summary = doors.summary(published.planned(body), is_committed=False)
            self._answer(200, "".join(summary))

    def _answer(self, status: int, body: str) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """It is quiet."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Verification)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def run(url: str, file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from deploy.cli import app; app()", "import-contracts", str(file)],
        env=os.environ
        | {"MAKEGOOD_URL": url, "MAKEGOOD_TOKEN": "t", "COLUMNS": str(COLUMNS), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestTheSummary:
    def test_counts_everything_and_names_every_fault(self, url: str, tmp_path: Path) -> None:
        """At 80 columns: what was made, what was left out and why, and what to do."""
        metrics = [published.metric(), {"id": "spirit"}]
        file = tmp_path / "releases.json"
        file.write_bytes(
            published.package(
                published.release(awards=[published.award(agreedMetrics=metrics)]),
                published.release(
                    ocid="ocds-abc123-8",
                    awards=[
                        published.award(
                            contractPeriod={"startDate": "0207-04-01", "endDate": "2028-03-31"}
                        )
                    ],
                ),
                *(published.release("tender", awards=[]) for _ in range(12)),
            )
        )
        done = run(url, file)
        assert (0, "") == (done.returncode, done.stderr)
        lines = done.stdout.splitlines()
        assert all(len(line) <= COLUMNS for line in lines)
        assert "Contracts of the register: 1 new, 0 changed, 0 unchanged" == lines[0]
        assert [
            ["new", "draft", "in", "prose", "skipped", "faulty", "read"],
            ["releases", "12", "2"],
            ["awards", "1", "1"],
            ["contracts"],
            ["metrics", "1", "1"],
        ] == [line.split() for line in lines[1:6]]
        printed = " ".join(done.stdout.split())
        for words in (
            "New: 1 1 award ocds-abc123-7-1",
            "1 metric: it needs exactly one observation, with the target",
            "ocds-abc123-7-1 spirit",
            "12 releases: a tender: nothing is awarded yet",
            "… and 2 more",
            "1 award: the date lies before 1990. Correct the date.",
            "/releases/1/awards/0/contractPeriod/startDate 0207-04-01",
            "Nothing was stored. Add --commit to store it.",
        ):
            assert words in printed


class TestAFileThatIsNoJson:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"Dear council,\n", "✗ The file is not JSON: line 1, column 1: expecting value"),
            (b'{"a": [/red] }', "✗ The file is not JSON: line 1, column 8: "),
            (b"", "✗ The file is empty"),
        ],
    )
    def test_is_one_sentence_and_exit_code_1(
        self, url: str, tmp_path: Path, content: bytes, words: str
    ) -> None:
        """The place and the reason; whatever is in the file is no markup."""
        file = tmp_path / "letter.txt"
        file.write_bytes(content)
        done = run(url, file)
        assert (1, "") == (done.returncode, done.stderr)
        (line,) = done.stdout.splitlines()
        assert line.startswith(words)

    def test_is_not_sent_if_it_is_too_large(self, tmp_path: Path) -> None:
        """The sentence says the limit; no service is asked."""
        file = tmp_path / "large.json"
        with file.open("wb") as content:
            content.truncate(releases.BODY_BYTES_MAX + 1)
        done = run("http://127.0.0.1:9", file)
        assert (1, "") == (done.returncode, done.stdout)
        assert "has more than 32 MB: send it in parts." in " ".join(done.stderr.split())
