"""Pictures of fictional pages read in every character, whatever their rotation, format and wear."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from inspection_station.documents.mrz_image.reader import UnreadableImage, read_image
from inspection_station.inspection.document import DocumentFormat
from inspection_station.training.mrz_glyph_samples import random_style
from inspection_station.training.mrz_print import Printer, PrintStyle, Typeface
from inspection_station.training.mrz_specimens import Specimen, specimen
from inspection_station.training.page_renderer import PageStyle, render_page
from inspection_station.training.page_wear import Severity, Wear, random_wear, wear_page

TODAY = date(2026, 11, 23)
CLEAN = Wear(pixels_wide=1500, blur=0.5, noise=2, jpeg=92)


def _specimen(seed: int, document_format: DocumentFormat = DocumentFormat.TD3) -> Specimen:
    return specimen(document_format, np.random.default_rng(seed))


def _picture(document: Specimen, wear: Wear = CLEAN, style: PageStyle | None = None) -> np.ndarray:
    return wear_page(render_page(document.text, document.lines, style=style, seed=1), wear, seed=2)


def _lines(picture: bytes | np.ndarray) -> tuple[str, ...]:
    return read_image(picture, today=TODAY, ask_second=False).zone.lines


@pytest.mark.parametrize("skew", [-7.0, 6.0])
@pytest.mark.parametrize("document_format", [DocumentFormat.TD3, DocumentFormat.TD1])
def test_a_page_that_lies_askew_on_a_grained_table_is_read(document_format: DocumentFormat, skew: float):
    document = _specimen(13, document_format)
    wear = Wear(skew_degrees=skew, perspective=0.03, margin=0.25, blur=1.0, noise=6, jpeg=60, grain=22)
    assert _lines(_picture(document, wear)) == document.lines


def test_a_small_dim_page_is_found_on_a_table_with_more_grain_than_it_has_print():
    document = _specimen(16)
    wear = Wear(-5.8, 3, -0.04, 0.005, 0.317, 1140, 0.77, 1.35, 15.7, 33, 0.32, 1, 0.46, 0.75, 24.4)
    assert _lines(wear_page(render_page(document.text, document.lines, seed=3), wear, seed=3)) == document.lines


@pytest.mark.parametrize("document_format", list(DocumentFormat))
def test_each_layout_is_read_and_valid(document_format: DocumentFormat):
    document = _specimen(11, document_format)
    reading = read_image(_picture(document), today=TODAY, ask_second=False)
    assert reading.zone.lines == document.lines
    assert reading.zone.format is document_format
    assert reading.zone.valid
    assert [len(row) for row in reading.confidences] == [len(line) for line in document.lines]


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_page_turned_by_quarters_is_read(quarters: int):
    document = _specimen(12)
    assert _lines(_picture(document, replace(CLEAN, quarter_turns=quarters, skew_degrees=3))) == document.lines


@pytest.mark.parametrize("degrees", [-12, -8, -4, 4, 8, 12])
def test_a_skewed_page_is_read(degrees: float):
    document = _specimen(13)
    assert _lines(_picture(document, replace(CLEAN, skew_degrees=degrees))) == document.lines


def test_the_exif_orientation_is_obeyed():
    document = _specimen(14)
    sideways = np.rot90(_picture(document))
    sheet, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6  # turn clockwise to see it upright
    Image.fromarray(np.ascontiguousarray(sideways[:, :, ::-1])).save(sheet, "JPEG", quality=92, exif=exif)
    reading = read_image(sheet.getvalue(), today=TODAY, ask_second=False)
    assert reading.zone.lines == document.lines
    (left, top), (right, same_top) = reading.corners[:2]
    assert right > left + 500
    assert abs(same_top - top) < 60


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "WEBP", "JPEG2000"])
def test_each_picture_format_is_read(kind: str):
    document = _specimen(15)
    sheet = BytesIO()
    Image.fromarray(np.ascontiguousarray(_picture(document)[:, :, ::-1])).save(sheet, kind)
    assert _lines(sheet.getvalue()) == document.lines


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "I;16", "CMYK"])
def test_each_kind_of_pixel_is_read(mode: str):
    document = _specimen(16)
    grey = Image.fromarray(_picture(document)).convert("L")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(grey).astype(np.uint16) * 200)
    else:
        picture = grey.convert("RGB").convert(mode)
    sheet = BytesIO()
    picture.save(sheet, "TIFF" if mode == "CMYK" else "PNG")
    assert _lines(sheet.getvalue()) == document.lines


def test_a_small_page_in_a_large_frame_is_read():
    document = _specimen(17)
    assert _lines(_picture(document, replace(CLEAN, pixels_wide=3600, margin=0.7))) == document.lines


def test_a_page_of_twenty_megapixels_is_read():
    document = _specimen(18)
    assert _lines(_picture(document, replace(CLEAN, pixels_wide=5300, noise=0))) == document.lines


@pytest.mark.parametrize("typeface", list(Typeface))
@pytest.mark.parametrize("printer", list(Printer))
def test_each_typeface_from_each_printer_is_read(typeface: Typeface, printer: Printer):
    document = _specimen(19)
    style = PageStyle(mrz=PrintStyle(typeface, printer))
    assert _lines(_picture(document, CLEAN, style)) == document.lines


def test_a_forged_check_digit_is_read_as_printed_and_never_valid():
    document = _specimen(20)
    digit = document.lines[1][9]
    forged = document.lines[1][:9] + str((int(digit) + 5) % 10) + document.lines[1][10:]
    zone = read_image(
        _picture(replace(document, lines=(document.lines[0], forged))), today=TODAY, ask_second=False
    ).zone
    assert not zone.valid


def test_a_name_half_hidden_by_gloss_is_in_doubt_by_position():
    document = _specimen(21)
    picture = _picture(document)
    reading = read_image(picture, today=TODAY, ask_second=False)
    (left, top), (right, _), _, (_, bottom) = reading.corners
    pitch = (right - left) / 43
    column = 7
    x, half = left + column * pitch, 0.45 * pitch
    patch = picture[int(top - pitch) : int(top + pitch), int(x - half) : int(x + half)]
    patch[:] = 235
    zone = read_image(picture, today=TODAY, ask_second=False).zone
    assert not zone.valid
    assert (0, column) in {(doubt.line, doubt.column) for doubt in zone.doubts}
    assert bottom > top


@pytest.mark.parametrize("place", [(0, 9), (1, 3)])
@pytest.mark.parametrize("symbol", [*"+-*/=.:?#%&()@!", *"abeghkmqrx", " "])
def test_a_symbol_that_no_zone_has_is_in_doubt_and_nothing_proves_it(symbol: str, place: tuple[int, int]):
    document = _specimen(23)
    rows = [list(line) for line in document.lines]
    rows[place[0]][place[1]] = symbol
    strange = replace(document, lines=tuple("".join(row) for row in rows))
    zone = read_image(_picture(strange), today=TODAY, ask_second=False).zone
    assert not zone.valid
    assert place in {(doubt.line, doubt.column) for doubt in zone.doubts}


def test_the_second_reader_is_not_asked_about_a_sure_reading():
    assert read_image(_picture(_specimen(22)), today=TODAY).second_opinion.value == "not asked"


@pytest.mark.slow
def test_worn_pages_are_read_exactly_and_a_wrong_one_is_not_called_valid():
    exact = dict.fromkeys(Severity, 0)
    wrongly_valid, each = 0, 16
    for severity in Severity:
        for index in range(each):
            rng = np.random.default_rng([77, index])
            document = specimen(DocumentFormat.TD3, rng)
            page = render_page(document.text, document.lines, style=random_style(rng), seed=index)
            picture = wear_page(page, random_wear(severity, rng), seed=index)
            try:
                zone = read_image(picture, today=TODAY, ask_second=False).zone
            except UnreadableImage:
                continue
            exact[severity] += zone.lines == document.lines
            wrongly_valid += zone.valid and zone.lines != document.lines
    assert exact[Severity.CLEAN] + exact[Severity.MODERATE] >= 0.97 * 2 * each
    assert exact[Severity.HARD] >= 0.85 * each
    assert wrongly_valid == 0
