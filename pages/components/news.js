// Asks for news of a part of the page after some time, and after twice as long while the part is out of sight; never for a
// part that has left the page.

const ELSEWHERE = 2;
const APART_MS = 100; // of what asks in the same moment Streamlit hears one alone
const waiting = new WeakMap(); // element -> its timer
let free = 0; // the time from which on the next part may ask

export default function ({ data: [{ part, seconds }], parentElement, setTriggerValue }) {
  clearTimeout(waiting.get(parentElement));
  if (seconds === null) return;
  let left = ELSEWHERE;
  const wait = (ms, then) => waiting.set(parentElement, setTimeout(then, ms));
  const look = () => {
    if (!parentElement.isConnected) return;
    left -= 1;
    if (left && !isInSight(parentElement.closest(`.st-key-${part}`))) return wait(seconds * 1000, look);
    const now = performance.now();
    const at = Math.max(now, free);
    free = at + APART_MS;
    wait(at - now, () => parentElement.isConnected && setTriggerValue("news", true));
  };
  wait(seconds * 1000, look);
}

function isInSight(place) {
  if (!place) return true;
  const { top, bottom } = place.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}
