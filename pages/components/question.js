// Brings the section of a question that was just asked into view, once, below the question and its answer: from its heading
// on where its first picture fits with it, else that picture. What is drawn above it may push it down: it is brought back
// until the reader moves by themselves.

const PATIENCE_MS = 15000;
const GAP_PX = 8;
const BY_HAND = ["wheel", "touchmove", "keydown", "pointerdown"];
let seen;

export default function ({ data: [data] }) {
  const { section, adopted } = data;
  if (seen === adopted) return;
  seen = adopted;
  const page = document.querySelector('[data-testid="stMain"]');
  const observer = new ResizeObserver(() => (seen === adopted ? bring(page, section) : leave()));
  const leave = () => {
    observer.disconnect();
    clearTimeout(end);
    for (const name of BY_HAND) window.removeEventListener(name, leave);
  };
  const end = setTimeout(leave, PATIENCE_MS);
  for (const name of BY_HAND) window.addEventListener(name, leave, { passive: true });
  for (const block of page.children) observer.observe(block);
}

function bring(page, section) {
  const [place, strip] = [section, "asked"].map((name) => document.querySelector(`.st-key-${name}`));
  if (!place || !strip) return;
  const top = parseFloat(getComputedStyle(strip.parentElement).top) + strip.offsetHeight + GAP_PX;
  const from = place.getBoundingClientRect().top - top;
  // All of what stands above the picture is in sight with it, or nothing: no sentence is covered in part.
  const picture = (place.querySelector(".lv-panel .lv-stage") ?? place).getBoundingClientRect();
  const fits = picture.bottom - from + GAP_PX <= window.innerHeight;
  const title = place.querySelector(".lv-panel")?.getBoundingClientRect().top ?? picture.top;
  page.scrollBy({ top: fits ? from : title - top, behavior: "instant" });
}
