"""A frame number painted into the picture, so that a test can say which frame it is looking at.

Twenty cells across the picture hold the number, the lowest bit at the left. The row above holds the complement:
a blurred, mixed or wrongly cropped picture is then noticed instead of being read as another number.
"""

import numpy as np
from numpy.typing import NDArray

BITS = 20
LIMIT = 1 << BITS
_BLACK, _WHITE = 16, 235
_ROWS_PER_PICTURE = 15  # one row of cells is a fifteenth of the height: 6 lines at 90
_LEAST_CONTRAST = 60.0

Gray = NDArray[np.uint8]


def _row_height(height: int) -> int:
    """Tell how many lines one row of cells takes in a picture of this height."""
    return height // _ROWS_PER_PICTURE


def paint_code(luma: Gray, code: int) -> None:
    """Paint `code` into the two lowest rows of a luma plane; raise ValueError when it needs more than 20 bits."""
    if not 0 <= code < LIMIT:
        raise ValueError(f"Frame code {code} does not fit into {BITS} bits.")
    rows = _row_height(luma.shape[0])
    bits = (code >> np.arange(BITS)) & 1
    line = np.where(bits, _WHITE, _BLACK)[_cell_of_column(luma.shape[1])].astype(np.uint8)
    luma[-rows:] = line
    luma[-2 * rows : -rows] = _BLACK + _WHITE - line


def _cell_of_column(width: int) -> NDArray[np.int64]:
    return np.arange(width, dtype=np.int64) * BITS // width


def read_code(gray: NDArray[np.uint8]) -> int | None:
    """Read the code of a gray picture of any size down to 160x90; None when it cannot be read for certain."""
    height = gray.shape[0]
    rows = height / _ROWS_PER_PICTURE
    lower = _cells(gray, height - 0.75 * rows, height - 0.25 * rows)
    upper = _cells(gray, height - 1.75 * rows, height - 1.25 * rows)
    difference = lower - upper
    contrast = float(np.abs(difference).max())
    if contrast < _LEAST_CONTRAST or float(np.abs(difference).min()) < 0.5 * contrast:
        return None
    return int(((difference > 0).astype(np.int64) << np.arange(BITS)).sum())


def _cells(gray: NDArray[np.uint8], top: float, bottom: float) -> NDArray[np.float64]:
    """Average the middle of each of the cells between two lines."""
    line = gray[round(top) : max(round(bottom), round(top) + 1)].mean(axis=0)
    width = line.shape[0] / BITS
    middles = [line[round((k + 0.25) * width) : max(round((k + 0.75) * width), 1)].mean() for k in range(BITS)]
    return np.array(middles)
