/** The dashboard: pages are made by the server and whole without this; it makes them live. */
import "./dashboard.css";
import { act } from "./dashboard/actions";
import { showBundle } from "./dashboard/bundle";
import { Charts } from "./dashboard/charts";
import { listenToKeys } from "./dashboard/keys";
import { follow } from "./dashboard/live";
import { fillPanels } from "./dashboard/panels";
import { freshPage, refreshPage } from "./dashboard/refresh";
import { standing } from "./dashboard/standing";
import { choice } from "./page/element";
import { themeSwitch } from "./page/theme";

const SOON_MS = 400;
/** Page of a view is asked for at most so often, however much happens. */
const PACE_MS = 1000;
const SLOW_MS = 30_000;
/** After that a view is asked for again though nothing happened: what is measured for the first time joins it. */
const FIRST_MS = 2000;
const PACES: [string, string][] = [["live", "live"], ["slow", "each 30 s"], ["never", "by hand"]];
const PACE_KEY = "buildopt-pace";

document.documentElement.classList.add("scripted");
const charts = new Charts();
const main = document.querySelector("main")!;
const tools = document.getElementById("tools")!;
const live = document.getElementById("live")!;
let pace = localStorage.getItem(PACE_KEY) ?? "live";
/** How the stream is. */
let state = "";
let isDue = false;
let isRunning = false;
let refreshedMs = performance.now();
let patienceMs = FIRST_MS;
let asked: ReturnType<typeof setTimeout> | undefined;

tools.append(paceChoice(), themeSwitch(() => charts.redraw()));
for (const form of document.querySelectorAll<HTMLFormElement>("header form, form[data-auto]"))
  form.addEventListener("change", () => form.requestSubmit());
listenToKeys();
dress();
void fillPanels(main, charts);
const map = document.getElementById("map");
if (map?.dataset.document) void showBundle(map, map.dataset.document, map.dataset.before);

setTimeout(() => follow(document.body.dataset.position ?? "", {
  onEvents: () => pace === "live" && soon(),
  onMeasured: () => pace === "live" && !document.hidden && measured(),
  onState: (words) => {
    state = words;
    sayState();
  },
})); // a task of its own: asking for the lock takes long
setInterval(() => pace === "slow" && soon(), SLOW_MS);
document.addEventListener("visibilitychange", () => !document.hidden && isDue && soon());

function sayState(): void {
  live.textContent = pace === "live" ? state : "";
}

function dress(): void {
  charts.take(main);
  act(main, soon);
}

/** Asks for the view again, once for all that happens in a moment; a hidden tab waits. */
function soon(): void {
  isDue = true;
  if (document.hidden || isRunning || asked !== undefined) return;
  asked = setTimeout(() => void refresh(), SOON_MS);
}

function measured(): void {
  charts.refresh();
  if (performance.now() - refreshedMs < patienceMs) return;
  patienceMs = Math.min(2 * patienceMs, SLOW_MS);
  soon();
}

async function refresh(): Promise<void> {
  asked = undefined;
  refreshedMs = performance.now();
  isDue = false;
  isRunning = true;
  try {
    const page = await freshPage();
    const putBack = standing(main);
    if (page && refreshPage(main, page, charts)) dress();
    putBack();
    await fillPanels(main, charts);
    charts.refresh(true);
  } finally {
    setTimeout(() => {
      isRunning = false;
      if (isDue) soon();
    }, PACE_MS);
  }
}

function paceChoice(): HTMLElement {
  const label = choice("Updates", PACES, (value) => {
    pace = value;
    localStorage.setItem(PACE_KEY, value);
    sayState();
    if (value !== "never") soon();
  });
  label.querySelector("select")!.value = PACES.some(([name]) => name === pace) ? pace : "live";
  return label;
}
