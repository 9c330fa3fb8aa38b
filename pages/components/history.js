// Keeps the browser's history and the page that is shown in step.
//
// Streamlit makes a step of history of the link that a page writes as it opens: Back would stop at the bare address first.
// What nobody asked for replaces the step that stands. A page that was gone to may write its link while the address is still
// that of the page before: both are one step then, and the page before keeps its own link. And a page that draws itself anew
// by a timer may overtake a step to another one: then the address is one page's and what is shown another's, and the step is
// taken once more.

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
  const replace = window.history.replaceState.bind(window.history);
  let asked = false; // whether a hand moved since the page opened
  let early = null; // since a hand moved last, a link that was written: the address before, and whether it made a step
  const move = () => {
    asked = true;
    early = null;
  };
  for (const name of ["pointerdown", "keydown"]) window.addEventListener(name, move, { capture: true });
  window.addEventListener(
    "popstate",
    ({ isTrusted }) => {
      if (!isTrusted) return;
      asked = false;
      early = null;
      tries = 0;
      look();
    },
    { capture: true },
  );
  window.history.pushState = (state, title, address) => {
    const { pathname, search, href } = window.location;
    const to = new URL(address, href);
    if (to.pathname === pathname) {
      early ??= { before: href, step: asked };
      if (asked) push(state, title, address);
      else replace(state, title, address);
      return;
    }
    const same = early && to.search === search;
    if (same && !early.step) replace(state, title, early.before);
    if (same && early.step) replace(state, title, address);
    else push(state, title, address);
    asked = false;
    early = null;
    tries = 0;
  };
  window.landscapeHistory = true;
}

export default function ({ data: [data] }) {
  shown = data;
  if (apart()) look();
}
