// Copies the link of the page as it is seen, and prints the page.

const TOLD_MS = 2500;
const drawn = new WeakMap(); // what stands in a place

export default function ({ data: [data], parentElement }) {
  let bar = drawn.get(parentElement);
  if (!bar) drawn.set(parentElement, (bar = made(parentElement)));
  bar.dataset.title = data.title;
  bar.dataset.settings = data.settings;
  bar.querySelector(".lt-settings").textContent = data.settings;
  bar.querySelector(".lt-link").textContent = seen();
}

function made(parent) {
  const bar = document.createElement("div");
  bar.className = "lt-about";
  bar.innerHTML = `<button type="button" class="lt-copy">Copy the link</button>
    <button type="button" class="lt-print">Print the page</button>
    <output class="lt-told" aria-live="polite"></output>
    <p class="lt-settings"></p><p class="lt-link"></p>`;
  parent.append(bar);
  bar.querySelector(".lt-copy").onclick = () => copy(bar);
  bar.querySelector(".lt-print").onclick = () => window.print();
  window.addEventListener("beforeprint", () => (bar.querySelector(".lt-link").textContent = seen()));
  return bar;
}

// With the camera of the scenes, where one was turned: the viewer tells it.
function seen() {
  const link = new URL(window.location.href);
  const { page, text } = window.landscapeCamera ?? {};
  if (page === window.location.pathname) link.searchParams.set("camera", text);
  return link.href;
}

async function copy(bar) {
  const link = seen();
  const told = bar.querySelector(".lt-told");
  try {
    await navigator.clipboard.writeText(link);
    told.textContent = "Copied.";
  } catch {
    told.textContent = link; // a page that was not sent over a safe connection may not write there: it is to be marked
  }
  if (told.textContent !== link) setTimeout(() => (told.textContent = ""), TOLD_MS);
}
