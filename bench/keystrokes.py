"""Keys, clicks and time of hand per talk, ours beside the original's steps: a model, not a measurement.

``python -m bench.keystrokes`` prints the tables of docs/performance.md. The seconds are those of the keystroke model
(Card, Moran, Newell: Communications of the ACM 23, 1980): K a key of an average typist, P pointing, B a press or a
release of the button, H a hand to the mouse or back, M making up one's mind. Watching and machines are not in them.
"""

from __future__ import annotations

SECONDS = {"K": 0.28, "P": 1.1, "B": 0.1, "H": 0.4, "M": 1.35}
CLICK, TWICE, CHORD = "PBB", "PBBBB", "KK"

Step = tuple[str, str]

CUT_HERE: list[Step] = [
    ("start cutting: Enter", "MK"),
    ("in: I", "MK"),
    ("out: O", "MK"),
    ("language: 1", "MK"),
    ("finish, and the next talk opens: Ctrl Enter", "M" + CHORD),
]
CUT_THERE: list[Step] = [
    ("open the ticket's page, press cut", "M" + CLICK + CLICK),
    ("change to the file manager", "M" + CLICK),
    ("find the talk's project on the share by its number, open it", "M" + "H" + "KKKK" + "H" + TWICE),
    ("in: I", "MHK"),
    ("out: O", "MK"),
    ("save: Ctrl S", "M" + CHORD),
    ("back to the browser", "MH" + CLICK),
    ("choose the language", "M" + CLICK + CLICK),
    ("tick that it is cut, send", "M" + CLICK + CLICK),
    ("jump to the next ticket", "M" + CLICK),
]
CHECK_HERE: list[Step] = [
    ("start checking: Enter", "MK"),
    ("title, start, 10, 25, 50, 75 %, end: N each", "MK" * 7),
    ("fine, and the next file opens: Ctrl Enter", "M" + CHORD),
]
CHECK_THERE: list[Step] = [
    ("open the ticket's page, press check", "M" + CLICK + CLICK),
    ("change to the file manager", "M" + CLICK),
    ("find the master file on the share by its number, open it", "M" + "H" + "KKKK" + "H" + TWICE),
    ("look at the tags of the file: I", "MHK"),
    ("begin, four places between, end: click into the bar", "H" + ("M" + CLICK) * 6),
    ("close the player: Q", "MHK"),
    ("back to the browser", "MH" + CLICK),
    ("everything is fine", "M" + CLICK),
    ("jump to the next ticket", "M" + CLICK),
]


def seconds(steps: list[Step]) -> float:
    """Return the time of hand and mind of some steps."""
    return sum(SECONDS[each] for _, operators in steps for each in operators)


def line(name: str, steps: list[Step], waits: int) -> str:
    """Return a row: keys, clicks, decisions, programs that load something meanwhile, seconds."""
    done = "".join(operators for _, operators in steps)
    clicks = done.count("BB")
    return f"| {name} | {done.count('K')} | {clicks} | {done.count('M')} | {waits} | {seconds(steps):.1f} s |"


def main() -> None:
    """Print the table, then every step."""
    print(
        "| per talk or file | keys | clicks | decisions | waits for a machine | by hand (model) |\n"
        "|---|---|---|---|---|---|"
    )
    tables = {
        "cut, here": CUT_HERE,
        "cut, original": CUT_THERE,
        "check, here": CHECK_HERE,
        "check, original": CHECK_THERE,
    }
    for name, steps in tables.items():
        print(line(name, steps, {"cut, original": 4, "check, original": 4}.get(name, 1)))
    for name, steps in tables.items():
        print(f"\n{name}:")
        print("\n".join(f"  {operators:24} {text}" for text, operators in steps))


if __name__ == "__main__":
    main()
