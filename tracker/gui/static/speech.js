// What scripts say, in the language of the page: English as it stands in them, else from the page's catalogue.

const address = document.documentElement.dataset.speech;
const LONGEST_MS = 3000; // every script of the page waits for the texts; without them it speaks English
const known = address ? await texts().catch(() => ({})) : {};

async function texts() {
  const answer = await fetch(address, { signal: AbortSignal.timeout(LONGEST_MS) });
  return answer.ok ? answer.json() : {};
}

// A text in the reader's language; {1}, {2} are the values.
export function t(text, ...values) {
  return (known[text] ?? text).replace(/\{(\d)\}/g, (place, number) => values[number - 1] ?? place);
}
