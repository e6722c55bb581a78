"""What `makegood up` says to do next is what README says, with files that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

from deploy.local import CHECKOUT, first_hour


def said() -> list[str]:
    """The commands as they are printed, each on one line and by the name `mg`."""
    joined = "\n".join(first_hour.lines("GB-LAE-KWL")).replace("\\\n   ", "")
    ours = re.sub(r"(?:[\w./-]*/)?makegood (?=[a-z])", "mg ", joined)
    return [line.strip() for line in ours.splitlines() if line.startswith("  ")]


class TestTheNextCommands:
    def test_stand_in_the_readme(self) -> None:
        """Under "With your own data", in the same order."""
        section = (CHECKOUT / "README.md").read_text().split("## With your own data")[1]
        shown = section.split("```sh\n")[1].split("```")[0].replace("\\\n ", "")
        assert said() == shown.splitlines()

    def test_name_files_that_exist(self) -> None:
        """A contract of the authority, and a return on it by its supplier."""
        named = re.findall(r"\S+\.(?:csv|json)", " ".join(said()))
        assert 3 == len(named)
        assert [] == [name for name in named if not Path(name).exists()]
        sent = json.loads((first_hour.SAMPLE / "return.json").read_text())
        (release,) = json.loads((first_hour.SAMPLE / "contracts.json").read_text())["releases"]
        (award,) = release["awards"]
        assert first_hour.CONTRACT == sent["contract_id"] == f"{release['ocid']}-{award['id']}"
        assert [first_hour.SUPPLIER] == [each["id"] for each in award["suppliers"]]
