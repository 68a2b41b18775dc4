/** Keys, as people know them from elsewhere; `?` shows them. */
import { element } from "../page/element";

const VIEWS: Record<string, [path: string, name: string]> = {
  o: ["/", "overview"], b: ["/builds", "builds"], c: ["/cache", "cache"], u: ["/bundles", "bundles"],
  r: ["/builds", "runs"], s: ["/system", "system"], a: ["/alerts", "alerts"], f: ["/findings", "findings"], p: ["/plugins", "plugins"],
};
const OTHERS: [string, string][] = [
  ["j k", "next and previous row"], ["Enter", "open the row"], ["/", "filter"], ["t", "tables of all charts"],
  ["Esc", "back to the whole time"], ["?", "these keys"],
];
/** What `/` leads to: the first that is there. */
const FILTERS = ["main input:not([type=hidden])", "main select", "header select"];
const WAIT_MS = 1500;

export function listenToKeys(): void {
  let goesAtMs = -WAIT_MS;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const isGoing = performance.now() - goesAtMs < WAIT_MS;
    goesAtMs = -WAIT_MS;
    const view = isGoing ? VIEWS[event.key] : undefined;
    const moves: Record<string, () => void> = {
      g: () => (goesAtMs = performance.now()),
      j: () => step(1),
      k: () => step(-1),
      Enter: () => document.querySelector<HTMLElement>(".chosen-row a")?.click(),
      "/": () => FILTERS.map((each) => document.querySelector<HTMLElement>(each)).find(Boolean)?.focus(),
      t: toggleTables,
      Escape: wholeTime,
      "?": help,
    };
    if (view) return void go(view[0]);
    if (event.key === "Enter" && document.activeElement !== document.body) return;
    const move = moves[event.key];
    if (!move || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    move();
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, select, textarea, .canvas, [contenteditable]");
}

function go(path: string): void {
  const kept = new URLSearchParams(location.search);
  for (const name of [...kept.keys()])
    if (!["range", "from", "to", "environment", "host", "project"].includes(name)) kept.delete(name);
  location.assign(kept.size ? `${path}?${kept}` : path);
}

function step(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main tbody tr")].filter((row) => row.querySelector("a"));
  if (!rows.length) return;
  const place = rows.findIndex((row) => row.classList.contains("chosen-row"));
  const next = place < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, place + by));
  rows[place]?.classList.remove("chosen-row");
  rows[next]!.classList.add("chosen-row");
  rows[next]!.scrollIntoView({ block: "nearest" });
}

function toggleTables(): void {
  const all = [...document.querySelectorAll<HTMLDetailsElement>(".chart details")];
  const opens = all.some((one) => !one.open);
  for (const one of all) one.open = opens;
}

/** Out of a time that was dragged over. */
function wholeTime(): void {
  const url = new URL(location.href);
  if (!url.searchParams.get("from")) return;
  url.searchParams.delete("from");
  url.searchParams.delete("to");
  location.assign(url);
}

function help(): void {
  const rows = [...Object.entries(VIEWS).map(([key, [, name]]): [string, string] => [`g ${key}`, name]), ...OTHERS];
  const close = element("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = element("dialog", { "aria-label": "Keys" },
    element("table", {}, element("tbody", {}, ...rows.map(([keys, words]) => element("tr", {},
      element("th", { scope: "row" }, ...keys.split(" ").flatMap((key) => [element("kbd", {}, key), " "])),
      element("td", {}, words))))), close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
