/** The figure of a chart whose values a script has, as the server makes those of its own. */
import { element } from "../page/element";
import { plain } from "../page/plain";
import { amount, type Unit } from "./amounts";

export interface Line {
  name: string;
  times_s: number[];
  values: (number | null)[];
}

export interface Mark {
  time_s: number;
  text: string;
}

export interface Given {
  id: string;
  title: string;
  unit: Unit;
  kind: "line" | "bars" | "dots";
  lines: Line[];
  marks: Mark[];
  from: number;
  to: number;
}

const MOST_LINES = 6;
/** Characters of a name in a legend. */
const MOST_NAME = 60;

export function figureOf({ id, title, unit, kind, lines: all, marks, from, to }: Given): HTMLElement {
  const lines = all.slice(0, MOST_LINES).map((line) => ({ ...line, name: plain(line.name, MOST_NAME) }));
  const columns = lines.map((line) => new Map(line.times_s.map((time, place) => [time, line.values[place]])));
  const times = [...new Set(lines.flatMap((line) => line.times_s))].sort((one, other) => other - one);
  const left = all.length - lines.length;
  return element("figure", { class: "chart", id, "data-unit": unit, "data-kind": kind, "data-from": from, "data-to": to },
    element("figcaption", {}, element("span", { class: "name" }, title), " ", element("b", { class: "last" })),
    element("div", { class: "plot" }, ...(times.length ? [] : [element("p", { class: "nothing muted" }, "No data in this time.")])),
    element("p", { class: "legend", hidden: lines.length < 2 },
      ...lines.flatMap((line, place) => [element("span", { class: `k${place + 1}` }, line.name), " "]),
      ...(left ? [`and ${left} more in the table of the API`] : [])),
    element("details", { class: "table" }, element("summary", {}, "Table"),
      element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Values of ${title}` },
        element("table", {},
          element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Time (UTC)"),
            ...lines.map((line) => element("th", { scope: "col", class: "number" }, line.name)))),
          element("tbody", {}, ...times.map((time) => element("tr", { "data-t": time },
            element("th", { scope: "row" }, iso(time)),
            ...columns.map((column) => {
              const value = column.get(time);
              return element("td", { class: "number", ...(value == null ? {} : { "data-v": value }) },
                value == null ? "" : amount(value, unit));
            }))))))),
    ...(marks.length ? [element("ul", { class: "marks" },
      ...marks.map((mark) => element("li", { "data-t": mark.time_s }, `${iso(mark.time_s).slice(0, 16)}: ${plain(mark.text)}`)))] : []));
}

/** `2026-11-24 15:41:02`, UTC. */
export function iso(time: number): string {
  return new Date(time * 1000).toISOString().replace("T", " ").slice(0, 19);
}
