// Pages with parts marked data-live keep these up to date. Everything works without.

const EVERY_MS = 2000;
let tag = "";

async function refresh() {
  const answer = await fetch(location.href, { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
  if (answer.status === 200 && !answer.redirected) {
    tag = answer.headers.get("ETag") ?? "";
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-live]")) renew(old, fresh.getElementById(old.id));
  }
}

// Leave alone what is the same, and what somebody has the focus or an open fold in.
function renew(old, fresh) {
  if (!fresh || old.innerHTML === fresh.innerHTML) return;
  if (old.contains(document.activeElement) || old.querySelector("details[open]")) {
    tag = "";
    return;
  }
  old.replaceChildren(...fresh.childNodes);
}

async function forever() {
  for (;;) {
    await new Promise((done) => setTimeout(done, EVERY_MS));
    if (document.visibilityState === "visible") await refresh().catch(() => { tag = ""; });
  }
}

if (document.querySelector("[data-live]")) forever();

// Where it is narrow, the menu is one line that scrolls: begin with where one is.
document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// What was wrong with a field is no longer true of what is typed into it now.
document.addEventListener("input", ({ target }) => {
  const marked = target.form?.querySelectorAll("[aria-invalid]") ?? [];
  const field = [...marked].find((each) => each === target || (target.name && each.name === target.name));
  if (!field) return;
  const message = field.getAttribute("aria-describedby");
  document.getElementById(message)?.remove();
  for (const each of marked) {
    if (each.getAttribute("aria-describedby") !== message) continue;
    each.removeAttribute("aria-invalid");
    each.removeAttribute("aria-describedby");
  }
});
