/** Tables that plugins bring: what a route of theirs answers. */
import { element } from "../page/element";

interface Answer {
  columns: unknown[];
  rows: unknown[][];
}

const MOST_ROWS = 200;

export async function fillPanels(root: ParentNode): Promise<void> {
  const panels = root.querySelectorAll<HTMLElement>(".panel[data-path]");
  await Promise.all([...panels].map((panel) => fill(panel, panel.dataset.path!)));
}

async function fill(panel: HTMLElement, path: string): Promise<void> {
  if (!path.startsWith("/") || path.startsWith("//")) return; // of this server only
  const answer = await fetch(path).catch(() => undefined);
  const title = panel.querySelector("h2");
  if (!title || !answer?.ok) return;
  const { columns, rows } = (await answer.json()) as Answer;
  if (!Array.isArray(columns) || !Array.isArray(rows)) return;
  const body = panel.dataset.kind === "number" ? element("p", { class: "answer" }, String(rows[0]?.[0] ?? "no data"))
    : element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title.textContent ?? "Panel" },
      element("table", {},
        element("thead", {}, element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, String(name))))),
        element("tbody", {}, ...rows.slice(0, MOST_ROWS).map((row) =>
          element("tr", {}, ...row.map((value) => element("td",
            typeof value === "number" ? { class: "number" } : {}, String(value ?? ""))))))));
  panel.replaceChildren(title, body);
}
