"""XLSX files as nobody's program writes them: from the XML of their sheets."""

from __future__ import annotations

import io
import zipfile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def book(*sheets: str, is_1904: bool = False, codes: tuple[str, ...] = ()) -> bytes:
    """A workbook with sheets “Sheet1”, “Sheet2” …, each made of the XML of its rows. A cell with
    `s="n"` has the `n`th of the codes as its style, counted from 1."""
    parts = {
        "_rels/.rels": relations([("officeDocument", "xl/workbook.xml")]),
        "xl/_rels/workbook.xml.rels": relations(
            [("styles", "styles.xml")]
            + [("worksheet", f"worksheets/sheet{at}.xml") for at in range(1, len(sheets) + 1)]
        ),
        "xl/workbook.xml": workbook(len(sheets), is_1904=is_1904),
        "xl/styles.xml": styles(codes),
    }
    for at, rows in enumerate(sheets, 1):
        parts[f"xl/worksheets/sheet{at}.xml"] = sheet(rows)
    return packed(parts)


def packed(parts: dict[str, str]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in parts.items():
            made.writestr(name, text)
    return written.getvalue()


def relations(targets: list[tuple[str, str]]) -> str:
    inner = "".join(
        f'<Relationship Id="rId{at}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(targets, 1)
    )
    return f'<Relationships xmlns="{PACKAGE}">{inner}</Relationships>'


def workbook(count: int, *, is_1904: bool) -> str:
    inner = "".join(
        f'<sheet name="Sheet{at}" sheetId="{at}" r:id="rId{at + 1}"/>' for at in range(1, count + 1)
    )
    dates = f'<workbookPr date1904="{int(is_1904)}"/>'
    return f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{dates}<sheets>{inner}</sheets></workbook>'


def styles(codes: tuple[str, ...]) -> str:
    known = "".join(
        f'<numFmt numFmtId="{200 + at}" formatCode="{code}"/>' for at, code in enumerate(codes)
    )
    used = "".join(f'<xf numFmtId="{200 + at}"/>' for at in range(len(codes)))
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts>{known}</numFmts>'
        f'<cellXfs><xf numFmtId="0"/>{used}</cellXfs></styleSheet>'
    )


def sheet(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
