// The keys of the cut page: [keys, action, what the help says]. Actions are in cut.js.

const WATCH = [
  [[" "], "toggle", "play or pause"],
  [["j"], "back", "play backwards, pressed again faster"],
  [["k"], "stop", "stop"],
  [["l"], "on", "play, pressed again faster"],
  [[","], "backFrame", "one frame back"],
  [["."], "onFrame", "one frame on"],
  [["ArrowLeft"], "back1", "one second back"],
  [["ArrowRight"], "on1", "one second on"],
  [["Shift+ArrowLeft"], "back10", "ten seconds back"],
  [["Shift+ArrowRight"], "on10", "ten seconds on"],
  [["Home"], "begin", "to the beginning"],
  [["End"], "end", "to the end"],
  [["ArrowUp"], "markBefore", "to the mark before (schedule, silence, applause, hole …)"],
  [["ArrowDown"], "markAfter", "to the next mark"],
  [["-"], "slower", "play slower"],
  [["+", "="], "faster", "play faster"],
  [["z"], "zoomIn", "show a shorter part of the sound"],
  [["Shift+z"], "zoomOut", "show a longer part of the sound"],
  [["m"], "mute", "sound off or on"],
];

const CUT = [
  [["i"], "setIn", "the talk begins with this picture"],
  [["o"], "setOut", "the talk ends with this picture"],
  [["["], "setInAgo", "the talk began a moment ago (the reaction time)"],
  [["]"], "setOutAgo", "the talk ended a moment ago (the reaction time)"],
  [["Shift+i"], "goIn", "to the first picture of the talk"],
  [["Shift+o"], "goOut", "to the last picture of the talk"],
  [["a"], "aroundIn", "play around the in mark"],
  [["Shift+a"], "aroundOut", "play around the out mark"],
  [["p"], "playIn", "play from the in mark"],
  [["Shift+p"], "playOut", "play the last seconds up to the out mark"],
  [["r"], "playResult", "play the result: what is cut out is skipped"],
  [["x"], "leaveOut", "leave out from this picture on"],
  [["Shift+x"], "keepAgain", "the talk goes on with this picture"],
  [["Delete", "Backspace"], "dropPart", "keep the part that the picture is in after all"],
  [["h"], "chapter", "a chapter begins with this picture"],
  [["c"], "clap", "the picture of a clap: measure how late its sound is"],
  [["s"], "sample1", "listen at the beginning of the talk"],
  [["d"], "sample2", "listen in the middle"],
  [["f"], "sample3", "listen near the end"],
  [["Ctrl+z"], "undo", "undo a change of the form"],
  [["Ctrl+Shift+z", "Ctrl+y"], "redo", "do it again"],
  [["1"], "language1", "choose the first language (2 the second, and so on)"],
  ...[2, 3, 4, 5, 6, 7, 8, 9].map((number) => [[String(number)], `language${number}`, null]),
  [["Ctrl+Enter"], "sendNext", "I finished cutting; open the next talk that I may cut"],
  [["Ctrl+Shift+Enter"], "send", "I finished cutting; back to the list"],
];

export function keys(cutting, startable) {
  const start = startable ? [[["Enter"], "start", "start cutting"]] : [];
  return [...WATCH, ...(cutting ? CUT : []), ...start, [["?"], "help", "show the keys"]];
}
