// Keeps the browser's history and the page that is shown in step.
//
// Streamlit makes a step of history of the link that a page writes as it opens: Back would stop at the bare address first.
// What nobody asked for replaces the step that stands. And a page that draws itself anew by a timer may overtake a step to
// another one: then the address is one page's and what is shown another's, and the step is taken once more.

const TRIES = 5;
const WAIT_MS = 150;
const shownAt = new Map(); // the page that was first shown at an address
let tries = 0;

if (!window.landscapeHistory) {
  const push = window.history.pushState.bind(window.history);
  let asked = false; // whether a hand moved since the page opened
  for (const name of ["pointerdown", "keydown"]) {
    window.addEventListener(name, () => ((asked = true), (tries = 0)), { capture: true });
  }
  window.addEventListener("popstate", ({ isTrusted }) => isTrusted && ((asked = false), (tries = 0)), { capture: true });
  window.history.pushState = (state, title, address) => {
    const other = new URL(address, window.location.href).pathname !== window.location.pathname;
    if (other || asked) push(state, title, address);
    else window.history.replaceState(state, title, address);
    if (other) asked = false;
  };
  window.landscapeHistory = true;
}

export default function ({ data }) {
  const { lab } = data;
  const { pathname } = window.location;
  if (!shownAt.has(pathname)) shownAt.set(pathname, lab);
  if (shownAt.get(pathname) === lab) return;
  setTimeout(() => {
    const here = window.location.pathname === pathname && tries < TRIES;
    if (!here) return;
    tries += 1;
    window.dispatchEvent(new PopStateEvent("popstate", { state: window.history.state }));
  }, WAIT_MS);
}
