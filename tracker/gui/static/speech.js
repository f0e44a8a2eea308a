// What scripts say, in the language of the page: English as it stands in them, else from the page's catalogue.

const address = document.documentElement.dataset.speech;
const known = address ? await fetch(address).then((answer) => (answer.ok ? answer.json() : {})).catch(() => ({})) : {};

// A text in the reader's language; {1}, {2} are the values.
export function t(text, ...values) {
  return (known[text] ?? text).replace(/\{(\d)\}/g, (place, number) => values[number - 1] ?? place);
}
