"""What a cut consists of: pieces of recorder runs, and the files that must be read for them. Arithmetic only."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import PurePosixPath

from scripts.media.timeline import PTS_CLOCK, Segment, Timeline
from scripts.media.timeline import Piece as FilePiece

PREROLL_S = 20
"""Read this long before a cut, so that a key frame lies in it: recorders set one every 10 s or more often."""
_AFTER_S = 2  # sound is stored up to a second later than its picture
_MOST_PIECES = 200
_JOINT_FRAMES = 2
VARYING = 20
"""So many places of one file where pictures are missing are no losses but the way it was recorded."""
_STREAMS = (".ts", ".m2ts", ".mts")

Range = tuple[int, int]
"""In and out (exclusive), in frames of the virtual recording."""


class CutError(Exception):
    """The cut that was asked for is none; the sentence says what to set where."""


@dataclass(frozen=True)
class Piece:
    """Frames that follow each other without a gap, out of one or several files of one take.

    `start_pts` and `end_pts` (exclusive) are in 1/90000 s, unwrapped within the take.
    """

    parts: tuple[FilePiece, ...]

    @property
    def take(self) -> int:
        """Return the number of the recorder run."""
        return self.parts[0].segment.take

    @property
    def files(self) -> tuple[str, ...]:
        """Return the names of the files, relative to the raw folder."""
        return tuple(part.segment.file for part in self.parts)

    @property
    def start_pts(self) -> int:
        """Return the time stamp of the first frame."""
        return self.parts[0].first_pts

    @property
    def end_pts(self) -> int:
        """Return the time stamp after the last frame."""
        return self.parts[-1].stop_pts

    @property
    def frames(self) -> int:
        """Return the number of frames."""
        return self.parts[-1].stop_frame - self.parts[0].first_frame


@dataclass(frozen=True)
class Input:
    """Files that are read as one stream, and the pieces taken out of it."""

    segments: tuple[Segment, ...]
    pieces: tuple[Piece, ...]


def plan(timeline: Timeline, ranges: Sequence[Range]) -> list[Piece]:
    """List the pieces of the frames in..out (exclusive) of each range, one after the other; holes are skipped.

    Raise CutError.
    """
    _check_order(ranges)
    pieces: list[Piece] = []
    for cut_in, cut_out in ranges:
        found = _plan(timeline, cut_in, cut_out)
        if not found:
            raise CutError(f"Nothing was recorded from in (frame {cut_in}) to out (frame {cut_out}); set them anew.")
        pieces += found
    pieces = _steadied(pieces)
    if len(pieces) > _MOST_PIECES:
        gaps = len(pieces) - len(ranges)
        raise CutError(f"The recording has {gaps} gaps between in and out; copy it anew from the recorder.")
    return pieces


def _plan(timeline: Timeline, cut_in: int, cut_out: int) -> list[Piece]:
    _check_range(timeline, cut_in, cut_out)
    pieces: list[Piece] = []
    for part in timeline.pieces(cut_in, cut_out):
        if pieces and _goes_on(timeline, pieces[-1].parts[-1], part):
            pieces[-1] = Piece((*pieces[-1].parts, part))
        else:
            pieces.append(Piece((part,)))
    return pieces


def _steadied(pieces: Sequence[Piece]) -> list[Piece]:
    """Close the gaps of a file whose pictures come at varying distances, so that the sound goes on in them.

    That is one with `VARYING` or more gaps of up to a second; the former picture stands where one is missing.
    """
    gaps = Counter(one.files[-1] for one, two in pairwise(pieces) if _is_short_gap(one, two))
    steadied: list[Piece] = []
    for piece in pieces:
        before = steadied[-1] if steadied else None
        if before and _is_short_gap(before, piece) and gaps[before.files[-1]] >= VARYING:
            *earlier, last = before.parts
            first, *rest = piece.parts
            whole = replace(last, stop_frame=first.stop_frame, stop_pts=first.stop_pts)
            steadied[-1] = Piece((*earlier, whole, *rest))
        else:
            steadied.append(piece)
    return steadied


def _is_short_gap(one: Piece, two: Piece) -> bool:
    last, first = one.parts[-1], two.parts[0]
    missing = first.first_pts - last.stop_pts
    return last.segment is first.segment and last.stop_frame < first.first_frame and missing <= PTS_CLOCK


def _check_order(ranges: Sequence[Range]) -> None:
    if not ranges:
        raise CutError("There is nothing to cut: set in and out on the cut page.")
    for (_, out), (following, _) in pairwise(ranges):
        if following < out:
            raise CutError(
                f"The range that begins at frame {following} begins before the former one ends (frame {out}); "
                "set the ranges in their order and apart from each other."
            )


def _check_range(timeline: Timeline, cut_in: int, cut_out: int) -> None:
    if cut_out <= cut_in:
        raise CutError(f"Out (frame {cut_out}) does not come after in (frame {cut_in}); set them on the cut page.")
    if cut_in < 0 or cut_out > timeline.frames:
        raise CutError(
            f"The cut (frames {cut_in} to {cut_out}) reaches beyond the recording, which has frames 0 to "
            f"{timeline.frames}; set in and out on the cut page, or widen the padding and merge again."
        )


def is_stream(segment: Segment) -> bool:
    """Tell whether files like this one can be read as one by joining their bytes: transport streams only."""
    return PurePosixPath(segment.file).suffix.lower() in _STREAMS


def _goes_on(timeline: Timeline, one: FilePiece, two: FilePiece) -> bool:
    """Tell whether two parts of one take follow each other, both by number and by stamp."""
    if one.segment.take != two.segment.take or one.stop_frame != two.first_frame:
        return False
    if not (is_stream(one.segment) and is_stream(two.segment)):
        return False
    return 2 * abs(two.first_pts - one.stop_pts) <= timeline.tick


def inputs(timeline: Timeline, pieces: Sequence[Piece]) -> list[Input]:
    """Group pieces by what can be read as one stream: files of a take that follow each other without a gap."""
    runs = list(_runs(timeline.segments))
    grouped: list[tuple[list[Segment], list[Piece]]] = []
    for piece in pieces:
        run = next(files for files in runs if piece.parts[0].segment in files)
        if not grouped or grouped[-1][0] is not run:
            grouped.append((run, []))
        grouped[-1][1].append(piece)
    return [_input(timeline, run, tuple(members)) for run, members in grouped]


def _runs(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    run = [segments[0]]
    for one, two in pairwise(segments):
        joined = one.take == two.take and is_stream(one) and is_stream(two)
        if not joined or abs(two.first_frame - one.stop_frame) > _JOINT_FRAMES:
            yield run
            run = []
        run.append(two)
    yield run


def _input(timeline: Timeline, run: list[Segment], pieces: tuple[Piece, ...]) -> Input:
    """Choose the files to read: those of the pieces, and a neighbour where a cut lies close to the edge of a file.

    The key frame a picture needs may stand in the file before, its sound in the file after.
    """
    first = run.index(pieces[0].parts[0].segment)
    last = run.index(pieces[-1].parts[-1].segment)
    if first and pieces[0].start_pts - run[first].first_pts < PREROLL_S * PTS_CLOCK:
        first -= 1
    end_of_last = timeline.pts_of(run[last], run[last].stop_frame)
    if last + 1 < len(run) and end_of_last - pieces[-1].end_pts < _AFTER_S * PTS_CLOCK:
        last += 1
    return Input(tuple(run[first : last + 1]), pieces)
