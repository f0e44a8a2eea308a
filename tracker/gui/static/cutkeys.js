// The keys of the cut page: [keys, action, what the help says]. Actions are in cut.js.

import { t } from "./speech.js";

const WATCH = [
  [[" "], "toggle", t("play or pause")],
  [["j"], "back", t("play backwards, pressed again faster")],
  [["k"], "stop", t("stop")],
  [["l"], "on", t("play, pressed again faster")],
  [[","], "backFrame", t("one frame back")],
  [["."], "onFrame", t("one frame on")],
  [["ArrowLeft"], "back1", t("one second back")],
  [["ArrowRight"], "on1", t("one second on")],
  [["Shift+ArrowLeft"], "back10", t("ten seconds back")],
  [["Shift+ArrowRight"], "on10", t("ten seconds on")],
  [["Home"], "begin", t("to the beginning")],
  [["End"], "end", t("to the end")],
  [["ArrowUp"], "markBefore", t("to the mark before (schedule, silence, applause, hole …)")],
  [["ArrowDown"], "markAfter", t("to the next mark")],
  [["-"], "slower", t("play slower")],
  [["+", "="], "faster", t("play faster")],
  [["z"], "zoomIn", t("show a shorter part of the sound")],
  [["Shift+z"], "zoomOut", t("show a longer part of the sound")],
  [["m"], "mute", t("sound off or on")],
];

const CUT = [
  [["i"], "setIn", t("the talk begins with this picture")],
  [["o"], "setOut", t("the talk ends with this picture")],
  [["["], "setInAgo", t("the talk began a moment ago (the reaction time)")],
  [["]"], "setOutAgo", t("the talk ended a moment ago (the reaction time)")],
  [["Shift+i"], "goIn", t("to the first picture of the talk")],
  [["Shift+o"], "goOut", t("to the last picture of the talk")],
  [["a"], "aroundIn", t("play around the in mark")],
  [["Shift+a"], "aroundOut", t("play around the out mark")],
  [["p"], "playIn", t("play from the in mark")],
  [["Shift+p"], "playOut", t("play the last seconds up to the out mark")],
  [["r"], "playResult", t("play the result: what is cut out is skipped")],
  [["x"], "leaveOut", t("leave out from this picture on")],
  [["Shift+x"], "keepAgain", t("the talk goes on with this picture")],
  [["Delete", "Backspace"], "dropPart", t("keep the part that the picture is in after all")],
  [["h"], "chapter", t("a chapter begins with this picture")],
  [["c"], "clap", t("the picture of a clap: measure how late its sound is")],
  [["s"], "sample1", t("listen at the beginning of the talk")],
  [["d"], "sample2", t("listen in the middle")],
  [["f"], "sample3", t("listen near the end")],
  [["Ctrl+z"], "undo", t("undo a change of the form")],
  [["Ctrl+Shift+z", "Ctrl+y"], "redo", t("do it again")],
  [["1"], "language1", t("choose the first language (2 the second, and so on)")],
  ...[2, 3, 4, 5, 6, 7, 8, 9].map((number) => [[String(number)], `language${number}`, null]),
  [["Ctrl+Enter"], "sendNext", t("I finished cutting; open the next talk that I may cut")],
  [["Ctrl+Shift+Enter"], "send", t("I finished cutting; back to the list")],
];

export function keys(cutting, startable) {
  const start = startable ? [[["Enter"], "start", t("start cutting")]] : [];
  return [...WATCH, ...(cutting ? CUT : []), ...start, [["?"], "help", t("show the keys")]];
}
