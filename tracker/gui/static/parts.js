// Parts of the recording that are left out, and chapters: lines of two text fields of the form.

const PART = /^([\d:.,]+)\s*(?:-|–|\bto\b|\s)\s*([\d:.,]+)$/;

// The parts [first, stop) of a text, one a line; lines that are none are passed over.
export function readParts(text, recording) {
  return text.split("\n").map((line) => PART.exec(line.trim())).filter(Boolean)
    .map((found) => [recording.parse(found[1]), recording.parse(found[2])])
    .filter(([first, stop]) => first !== null && stop !== null && first < stop)
    .sort((one, other) => one[0] - other[0]);
}

export function writeParts(parts, recording) {
  return joined(parts).map(([first, stop]) => `${recording.time(first)} - ${recording.time(stop)}`).join("\n");
}

// Parts that touch or overlap become one.
export function joined(parts) {
  const result = [];
  for (const [first, stop] of [...parts].sort((one, other) => one[0] - other[0])) {
    const last = result.at(-1);
    if (last && first <= last[1]) last[1] = Math.max(last[1], stop);
    else result.push([first, stop]);
  }
  return result;
}

// What Record.Ranges leaves out: "0-10,20-30" leaves out 10 to 20.
export function gaps(ranges) {
  const edges = ranges.split(",").map((each) => each.split("-").map(Number));
  return edges.slice(1).map((each, index) => [edges[index][1], each[0]]);
}

export function readChapters(text, recording) {
  return text.split("\n").map((line) => /^(\S+)\s+(.*)$/.exec(line.trim())).filter(Boolean)
    .map(([, mark, title]) => ({ frame: recording.parse(mark), title })).filter(({ frame }) => frame !== null);
}

// The text of the field with one more chapter in its place, and where its title begins.
export function addChapter(text, frame, recording) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const index = lines.filter((line) => (recording.parse(line.split(/\s/)[0]) ?? Infinity) <= frame).length;
  lines.splice(index, 0, `${recording.time(frame)} `);
  const cursor = lines.slice(0, index + 1).join("\n").length;
  return [lines.join("\n"), cursor];
}
