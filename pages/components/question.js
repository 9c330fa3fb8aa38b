// Brings the section of a question that was just asked into view, once, unless the reader moves by themselves first.

const DELAYS_MS = [0, 400, 1200]; // what is drawn above a section may still push it down
const BY_HAND = ["wheel", "touchmove", "keydown", "pointerdown"];
let seen;

export default function ({ data }) {
  const { section, adopted } = data;
  if (seen === adopted) return;
  seen = adopted;
  let free = false;
  const release = () => (free = true);
  for (const name of BY_HAND) window.addEventListener(name, release, { once: true, passive: true });
  for (const delay of DELAYS_MS) {
    setTimeout(() => {
      if (!free && seen === adopted) document.querySelector(`.st-key-${section}`)?.scrollIntoView({ block: "start" });
    }, delay);
  }
}
