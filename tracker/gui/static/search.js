// The ticket search: choose all, a range with Shift, and "/" to the search field.

const boxes = [...document.querySelectorAll("input[name=ticket]")];
const all = document.getElementById("all");
let last = null;

all?.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
for (const box of boxes) {
  box.addEventListener("click", (event) => {
    if (event.shiftKey && last) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((one, other) => one - other);
      for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
    }
    last = box;
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.matches("input, textarea, select")) return;
  event.preventDefault();
  document.getElementById("q").focus();
});
