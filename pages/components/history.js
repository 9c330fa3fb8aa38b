// Keeps the browser's history and the page that is shown in step.
//
// Streamlit makes a step of history of the link that a page writes as it opens: Back would stop at the bare address first.
// What nobody asked for replaces the step that stands. And a page that draws itself anew by a timer may overtake a step to
// another one: then the address is one page's and what is shown another's, and the step is taken once more.

const TRIES = 10;
const WAIT_MS = 700; // for a page to come, before its step is taken again
let shown = null; // the address of the page that is shown, and those of all
let tries = 0;
let waiting = null;

function apart() {
  if (!shown || shown.path === null) return false;
  const here = window.location.pathname.split("/").filter(Boolean).pop() ?? "";
  return shown.path === "" ? shown.all.includes(here) && here !== "" : here !== shown.path;
}

function look() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    if (!apart() || tries >= TRIES) return;
    tries += 1;
    window.dispatchEvent(new PopStateEvent("popstate", { state: window.history.state }));
    look();
  }, WAIT_MS);
}

if (!window.landscapeHistory) {
  const push = window.history.pushState.bind(window.history);
  let asked = false; // whether a hand moved since the page opened
  for (const name of ["pointerdown", "keydown"]) window.addEventListener(name, () => (asked = true), { capture: true });
  window.addEventListener(
    "popstate",
    ({ isTrusted }) => {
      if (!isTrusted) return;
      asked = false;
      tries = 0;
      look();
    },
    { capture: true },
  );
  window.history.pushState = (state, title, address) => {
    const other = new URL(address, window.location.href).pathname !== window.location.pathname;
    if (other || asked) push(state, title, address);
    else window.history.replaceState(state, title, address);
    if (other) {
      asked = false;
      tries = 0;
    }
  };
  window.landscapeHistory = true;
}

export default function ({ data }) {
  shown = data;
  if (apart()) look();
}
