/** Panels that plugins bring: what a route of theirs answers, as a chart, a number or a table. */
import { element } from "../page/element";
import { plain } from "../page/plain";
import { amount, type Unit } from "./amounts";
import type { Charts } from "./charts";
import { figureOf, type Line, type Mark } from "./figure";
import { untilNow } from "./values";

type Cell = string | number | null | { value: string | number | null; unit?: string; state?: string; href?: string };

interface Answer {
  text?: string;
  unit?: string;
  series?: Line[];
  dots?: boolean;
  marks?: Mark[];
  value?: string | number | null;
  state?: string;
  columns?: (string | { name: string; unit?: string })[];
  rows?: Cell[][];
}

const MOST_ROWS = 200;
const UNITS: Record<string, Unit> = { By: "bytes", "By/s": "bytes/s", s: "seconds", "1": "ratio" };
const STATES: Record<string, [look: string, shape: string]> = {
  good: ["fresh", "●"], warn: ["warn", "▲"], bad: ["failed", "✕"],
};
/** What each panel was told last: one that is told the same stays as it is. */
const told = new WeakMap<HTMLElement, string>();

export async function fillPanels(root: ParentNode, charts: Charts): Promise<void> {
  const panels = [...root.querySelectorAll<HTMLElement>(".panel[data-path]")];
  const isNew = await Promise.all(panels.map((panel) => fill(panel).catch(() => false)));
  if (isNew.includes(true)) charts.take(root);
}

/** Whether something else is there than before. */
async function fill(panel: HTMLElement): Promise<boolean> {
  const url = untilNow(panel.dataset.path!);
  if (url.origin !== location.origin) return false;
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok || told.get(panel) === text) return false;
  const answer = JSON.parse(text) as Answer;
  const place = panel.querySelector(".filled")!;
  const isOpen = place.querySelector("details")?.open ?? false;
  place.replaceChildren(...(answer.text ? [element("p", { class: "muted" }, plain(answer.text))] : []), body(panel, answer, url));
  const details = place.querySelector("details");
  if (details) details.open = isOpen;
  told.set(panel, text);
  return true;
}

function body(panel: HTMLElement, answer: Answer, url: URL): HTMLElement {
  const title = panel.querySelector("h2")!.textContent ?? "";
  if (answer.series)
    return element("div", { class: "charts titled" }, figureOf({
      id: `${panel.id}-chart`, title, unit: UNITS[answer.unit ?? ""] ?? "count", lines: answer.series,
      marks: answer.marks ?? [], kind: answer.dots ? "dots" : panel.dataset.kind === "bar" ? "bars" : "line",
      from: Number(url.searchParams.get("from")), to: Number(url.searchParams.get("to")),
    }));
  if (answer.rows) return table(title, answer);
  return element("p", { class: "figure" }, shown(answer.value ?? "no data", answer.unit, answer.state));
}

function table(title: string, { columns = [], rows = [] }: Answer): HTMLElement {
  const heads = columns.map((column) => (typeof column === "string" ? { name: column, unit: "" } : column));
  const isNumber = heads.map((_, place) => rows.some((row) => typeof valueOf(row[place]) === "number"));
  const look = (place: number): Record<string, string> => (isNumber[place] ? { class: "number" } : {});
  if (!rows.length) return element("p", { class: "muted" }, "Nothing in this time.");
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title },
    element("table", {},
      element("thead", {}, element("tr", {},
        ...heads.map((head, place) => element("th", { scope: "col", ...look(place) }, plain(String(head.name)))))),
      element("tbody", {}, ...rows.slice(0, MOST_ROWS).map((row) => element("tr", {},
        ...heads.map((head, place) => element(place ? "td" : "th", { scope: !place && "row", ...look(place) },
          cell(row[place], head.unit))))))),
    ...(rows.length > MOST_ROWS ? [element("p", { class: "muted" }, `${rows.length - MOST_ROWS} more rows are not shown.`)] : []));
}

function cell(given: Cell | undefined, unit: string | undefined): Node {
  if (given === null || typeof given !== "object") return shown(given, unit);
  const words = shown(given.value, given.unit ?? unit, given.state);
  const target = given.href === undefined ? undefined : new URL(given.href, location.href);
  return target?.origin === location.origin ? element("a", { href: target.href }, words) : words;
}

function valueOf(given: Cell | undefined): unknown {
  return given !== null && typeof given === "object" ? given.value : given;
}

function shown(value: string | number | null | undefined, unit?: string, state?: string): Node {
  const words = typeof value === "number" ? amount(value, UNITS[unit ?? ""] ?? "count") : plain(String(value ?? ""));
  const [look, shape] = STATES[state ?? ""] ?? [];
  return look ? element("span", { class: `state ${look}` }, `${shape} ${words}`) : document.createTextNode(words);
}
