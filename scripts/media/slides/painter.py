"""Draw one SVG and end: JSON (`svg`, `background`, `font`, bytes of `memory`) comes on stdin, the PNG goes to stdout.

resvg holds the lock of the interpreter as long as it draws, and a few filters keep it for hours; so it draws in a
process of its own, which can be ended. Executed as a file, imports nothing of ours, for it is started for each slide.
"""

import json
import resource
import sys

import resvg_py


def main() -> int:
    """Draw what is asked for; return 1 when it is refused, with a sentence on stderr."""
    asked = json.load(sys.stdin.buffer)
    resource.setrlimit(resource.RLIMIT_AS, (asked["memory"], asked["memory"]))
    try:
        png = resvg_py.svg_to_bytes(
            svg_string=asked["svg"],
            background=asked["background"],
            sans_serif_family=asked["font"],
            font_family=asked["font"],
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    sys.stdout.buffer.write(png)
    return 0


if __name__ == "__main__":
    sys.exit(main())
