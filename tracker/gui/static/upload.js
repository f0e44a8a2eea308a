// Uploads in pieces (tus 1.0). A broken connection, a paused page or a tracker that is started again costs one piece at
// most: before it goes on, the page asks how much arrived.

import { t } from "./speech.js";

const form = document.getElementById("upload");
const [file, title, send, pause, box, bar, said, wrong] = ["file", "title", "send", "pause", "progress", "bar", "said",
  "wrong"].map((id) => document.getElementById(id));
const TUS = { "Tus-Resumable": "1.0.0", Accept: "application/json" };
const WAITS_MS = [1000, 2000, 4000, 8000, 15000];
let paused = false, running = false, tries = 0;

class Refused extends Error {}

// The same file is known again by this; its content is not read for it.
const print = (one) => `upload ${form.dataset.project} ${one.name} ${one.size} ${one.lastModified}`;
const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const size = (bytes) => (bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`);

async function ask(method, url, headers = {}, body = null) {
  const token = form.querySelector("[name=csrf_token]").value;
  const answer = await fetch(url, { method, body, redirect: "error", headers: { ...TUS, "X-CSRFToken": token, ...headers } });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  if (answer.status >= 500 || answer.status === 409 || answer.status === 429) throw new Error(told.error ?? answer.statusText);
  throw Object.assign(new Refused(told.error ?? answer.statusText), { status: answer.status });
}

async function begin(one) {
  const known = localStorage.getItem(print(one));
  if (known) {
    try {
      await ask("HEAD", known);
      return known;
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 401) throw error;
      localStorage.removeItem(print(one)); // given up meanwhile
    }
  }
  const metadata = `filename ${base64(one.name)},title ${base64(title.value)}`;
  const made = await ask("POST", location.href, { "Upload-Length": one.size, "Upload-Metadata": metadata });
  const where = made.headers.get("Location");
  localStorage.setItem(print(one), where);
  return where;
}

async function pieces(one, where) {
  let offset = Number((await ask("HEAD", where)).headers.get("Upload-Offset"));
  do {
    show(offset, one.size);
    if (paused) return false;
    const piece = one.slice(offset, offset + Number(form.dataset.chunk));
    const headers = { "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" };
    offset = Number((await ask("PATCH", where, headers, piece)).headers.get("Upload-Offset"));
    tries = 0;
  } while (offset < one.size);
  show(offset, one.size);
  localStorage.removeItem(print(one));
  return true;
}

function show(offset, whole) {
  box.hidden = false;
  bar.value = (100 * offset) / whole;
  said.textContent = t("{1} of {2}", size(offset), size(whole));
}

function complain(text) {
  wrong.textContent = text;
  wrong.hidden = !text;
}

async function upload(one) {
  [running, paused, pause.hidden, send.disabled, file.disabled] = [true, false, false, true, true];
  complain("");
  for (tries = 0; ; tries += 1) {
    try {
      const where = await begin(one);
      if (await pieces(one, where)) {
        running = false;
        location.href = where.replace(/\/pieces$/, "");
        return;
      }
      break;
    } catch (error) {
      if (error instanceof Refused) {
        complain(error.message);
        break;
      }
      const wait = WAITS_MS[Math.min(tries, WAITS_MS.length - 1)];
      said.textContent = t("The connection is lost; trying again in {1} s. Nothing that arrived is lost.", wait / 1000);
      box.hidden = false;
      await new Promise((done) => setTimeout(done, wait));
      if (paused) break;
    }
  }
  [running, pause.hidden, send.disabled, file.disabled] = [false, true, false, false];
  send.textContent = t("Go on");
  if (paused) said.textContent = t("{1}, paused", said.textContent);
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const one = file.files[0];
    if (one.size > Number(form.dataset.largest)) complain(t("{1} is larger than {2}.", one.name, size(Number(form.dataset.largest))));
    else if (!running) upload(one);
  });
  pause.addEventListener("click", () => { paused = true; });
  file.addEventListener("change", () => {
    const one = file.files[0];
    if (!one) return;
    if (!title.value) title.value = one.name.replace(/\.[^.]*$/, "");
    send.textContent = localStorage.getItem(print(one)) ? t("Go on") : t("Upload");
  });
  window.addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
}
