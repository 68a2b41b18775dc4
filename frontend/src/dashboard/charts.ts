/** Charts of a page: drawn on canvas in the place of the server's pictures, with one cursor. */
import uPlot from "uplot";
import { element } from "../page/element";
import { amount, axisAmount, type Unit } from "./amounts";
import { iso } from "./figure";

interface Columns {
  name: string;
  host: string;
  times_s: number[];
  min: number[];
  max: number[];
  mean: number[];
  sum: number[];
}

interface Ranged {
  from_s: number;
  to_s: number;
  width_s: number;
  series: Columns[];
}

interface Drawing {
  times: number[];
  values: (number | null)[][];
  /** Least and most of the first line. */
  band?: [(number | null)[], (number | null)[]];
  from: number;
  to: number;
}

const HEIGHT_PX = 150;
const MOST_LINES = 6;
const MOST_ROWS = 200;
const BREAK_COLUMNS = 5;
const LEAST_BREAK_S = 120;
const SYNC = "time";

/** All charts that are on the page. */
export class Charts {
  private readonly all = new Map<HTMLElement, Chart>();
  private refreshedMs = performance.now();

  /** Draws those that are new; forgets those that are gone. */
  take(root: ParentNode): void {
    for (const figure of this.all.keys()) if (!figure.isConnected) this.drop(figure);
    for (const figure of root.querySelectorAll<HTMLElement>("figure.chart"))
      if (!this.all.has(figure)) this.all.set(figure, new Chart(figure));
  }

  /** The table of a chart has other rows. */
  update(figure: HTMLElement): void {
    void this.all.get(figure)?.load();
  }

  /** Measures are asked for again when a new column may be there. */
  refresh(atOnce = false): void {
    const paceMs = Math.max(2000, ...[...this.all.values()].map((chart) => chart.columnMs));
    if (!atOnce && performance.now() - this.refreshedMs < paceMs) return;
    this.refreshedMs = performance.now();
    for (const chart of this.all.values()) if (chart.isMeasured) void chart.load();
  }

  /** The same in other colours. */
  redraw(): void {
    for (const chart of this.all.values()) chart.draw();
  }

  private drop(figure: HTMLElement): void {
    this.all.get(figure)?.end();
    this.all.delete(figure);
  }
}

class Chart {
  readonly isMeasured: boolean;
  columnMs = 1000;
  private readonly plot: HTMLElement;
  private readonly last: HTMLElement;
  private readonly body: HTMLElement;
  private readonly names: string[];
  private readonly observer: ResizeObserver;
  private drawing: Drawing | undefined;
  private shown: uPlot | undefined;
  private lastWords = "";
  private isGone = false;

  constructor(private readonly figure: HTMLElement) {
    this.plot = figure.querySelector(".plot")!;
    this.last = figure.querySelector(".last")!;
    this.body = figure.querySelector("tbody")!;
    this.names = [...figure.querySelectorAll("thead th")].slice(1).map((head) => head.textContent ?? "");
    this.isMeasured = Boolean(figure.dataset.metric);
    const details = figure.querySelector("details")!;
    details.append(this.copyButton());
    details.addEventListener("toggle", () => this.fillTable());
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.plot);
    void this.load();
  }

  get unit(): Unit {
    return this.figure.dataset.unit as Unit;
  }

  /** Gets the values, from the server or from the table, and draws them. */
  async load(): Promise<void> {
    this.drawing = this.isMeasured ? ((await this.measured()) ?? this.drawing) : this.ofTable();
    if (this.isGone || !this.drawing || this.drawing.times.length === 0) return;
    this.lastWords = this.wordsAt(lastWith(this.drawing.values[0]!));
    this.last.textContent = this.lastWords;
    this.draw();
    this.fillTable();
  }

  draw(): void {
    const { drawing } = this;
    if (!drawing || drawing.times.length === 0) return;
    this.shown?.destroy();
    this.plot.querySelectorAll("svg, .top, .zero, .nothing").forEach((old) => old.remove());
    this.shown = new uPlot(this.options(drawing), this.data(drawing), this.plot);
    this.shown.root.setAttribute("aria-hidden", "true");
  }

  end(): void {
    this.isGone = true;
    this.observer.disconnect();
    this.shown?.destroy();
  }

  private async measured(): Promise<Drawing | undefined> {
    const url = untilNow(this.figure.dataset.metric!);
    const points = Math.max(60, Math.min(600, Math.round(this.plot.clientWidth / 2)));
    url.searchParams.set("points", String(points));
    const answer = await fetch(url).catch(() => undefined);
    if (!answer?.ok) return undefined;
    const found = (await answer.json()) as Ranged;
    this.columnMs = found.width_s * 1000;
    return this.ofColumns(found);
  }

  private ofColumns(found: Ranged): Drawing {
    const lines = found.series.slice(0, MOST_LINES);
    const times = [...new Set(lines.flatMap((line) => line.times_s))].sort((one, other) => one - other);
    const breaks = breaksIn(times, found.width_s);
    const all = [...times, ...breaks].sort((one, other) => one - other);
    const place = new Map(all.map((time, index) => [time, index]));
    const spread = (line: Columns, of: number[], by = 1) => {
      const values = new Array<number | null | undefined>(all.length).fill(undefined);
      for (const time of breaks) values[place.get(time)!] = null;
      line.times_s.forEach((time, index) => (values[place.get(time)!] = of[index]! / by));
      return values as (number | null)[];
    };
    const isRate = this.unit === "bytes/s";
    const drawing: Drawing = {
      times: all, from: found.from_s, to: found.to_s,
      values: lines.map((line) => (isRate ? spread(line, line.sum, found.width_s) : spread(line, line.mean))),
    };
    const [only] = lines;
    if (lines.length === 1 && !isRate) drawing.band = [spread(only!, only!.min), spread(only!, only!.max)];
    return drawing;
  }

  private ofTable(): Drawing {
    const rows = [...this.body.querySelectorAll<HTMLElement>("tr[data-t]")].reverse();
    const values = this.names.map((_, column) => rows.map((row) => {
      const text = row.querySelectorAll<HTMLElement>("td")[column]?.dataset.v;
      return text === undefined ? null : Number(text);
    }));
    const { from, to } = this.figure.dataset;
    return { times: rows.map((row) => Number(row.dataset.t)), values, from: Number(from), to: Number(to) };
  }

  private data(drawing: Drawing): uPlot.AlignedData {
    return [drawing.times, ...drawing.values, ...(drawing.band ?? [])] as uPlot.AlignedData;
  }

  private options(drawing: Drawing): uPlot.Options {
    const colour = colours(this.figure);
    const kind = this.figure.dataset.kind;
    const lines: uPlot.Series[] = drawing.values.map((_, place) => ({
      stroke: colour(`--series-${place + 1}`),
      width: 1.5,
      spanGaps: true,
      points: { show: kind === "dots" || (kind === "line" && drawing.times.length === 1), size: 6, fill: colour(`--series-${place + 1}`) },
      ...(kind === "dots" ? { paths: () => null } : {}),
      ...(kind === "bars" ? { paths: uPlot.paths.bars!({ size: [0.8, 60] }), fill: colour("--series-1"), width: 0 } : {}),
    }));
    const edge = drawing.values.length;
    const top = this.figure.dataset.top;
    const axis = { stroke: colour("--muted"), font: `12px ${getComputedStyle(document.body).fontFamily}`, ticks: { show: false } };
    return {
      width: this.plot.clientWidth,
      height: HEIGHT_PX,
      legend: { show: false },
      padding: [8, 16, 0, 0],
      cursor: { sync: { key: SYNC }, drag: { x: true, y: false, setScale: false }, y: false, points: { size: 6 } },
      scales: {
        x: { time: true, range: () => [drawing.from, drawing.to] },
        y: { range: (_, __, most) => [0, top ? Number(top) : Math.max(most ?? 0, 1e-9) * 1.05] },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 24, space: 70, values: timeWords },
        { ...axis, grid: { stroke: colour("--line"), width: 1 }, size: 58, space: 40,
          values: (_, ticks) => ticks.map((value) => axisAmount(value, this.unit)) },
      ],
      series: [{}, ...lines, ...(drawing.band ? [hidden(), hidden()] : [])],
      ...(drawing.band ? { bands: [{ series: [edge + 2, edge + 1] as [number, number], fill: colour("--series-1", 0.18) }] } : {}),
      hooks: {
        setCursor: [(plot) => this.say(plot.cursor.idx ?? undefined)],
        setSelect: [(plot) => zoom(plot)],
        drawClear: [(plot) => this.drawMarks(plot, colour("--warn"))],
      },
    };
  }

  private drawMarks(plot: uPlot, colour: string): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = colour;
    ctx.setLineDash([4, 3]);
    for (const mark of this.figure.querySelectorAll<HTMLElement>(".marks [data-t]")) {
      const x = plot.valToPos(Number(mark.dataset.t), "x", true);
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }

  private say(place: number | undefined): void {
    this.last.textContent = place === undefined ? this.lastWords : this.wordsAt(place);
  }

  private wordsAt(place: number): string {
    const { drawing } = this;
    const values = drawing?.values.map((line) => line[place]) ?? [];
    const words = values.map((value) => (value === null || value === undefined ? "" : amount(value, this.unit)));
    const band = drawing?.band?.map((line) => line[place]);
    const about = band && band[0] != null && band[1] != null && band[0] !== band[1]
      ? ` (${amount(band[0], this.unit)} to ${amount(band[1], this.unit)})` : "";
    return words.filter(Boolean).join(" · ") + about;
  }

  private resize(): void {
    const width = this.plot.clientWidth;
    if (this.shown && width && width !== this.shown.width) this.shown.setSize({ width, height: HEIGHT_PX });
  }

  /** Newest first; only where it is open, and only of what is measured: other tables are whole. */
  private fillTable(): void {
    const { drawing } = this;
    if (!this.isMeasured || !drawing || !this.figure.querySelector("details")!.open) return;
    const rows = drawing.times.map((time, place) => ({ time, place }))
      .filter(({ place }) => drawing.values.some((line) => line[place] != null));
    this.body.replaceChildren(...rows.slice(-MOST_ROWS).reverse().map(({ time, place }) =>
      element("tr", { "data-t": time }, element("th", { scope: "row" }, iso(time)),
        ...drawing.values.map((line) => {
          const value = line[place];
          return element("td", { class: "number", ...(value == null ? {} : { "data-v": value }) },
            value == null ? "" : amount(value, this.unit));
        }))));
  }

  private copyButton(): HTMLElement {
    const button = element("button", { type: "button", class: "copy", onclick: () => void this.copy(button) }, "Copy as CSV");
    return button;
  }

  private async copy(button: HTMLElement): Promise<void> {
    const { drawing } = this;
    if (!drawing) return;
    const lines = drawing.times.map((time, place) => [iso(time), ...drawing.values.map((line) => line[place] ?? "")].join(","));
    try {
      await navigator.clipboard.writeText([["time", ...this.names.map(quoted)].join(","), ...lines].join("\n") + "\n");
      button.textContent = `Copied ${lines.length} rows`;
    } catch {
      button.textContent = "The browser does not let this page copy";
    }
  }
}

/** Times that break a line: where nothing came for long. */
function breaksIn(times: number[], width: number): number[] {
  const long = Math.max(BREAK_COLUMNS * width, LEAST_BREAK_S);
  return times.flatMap((time, place) => (place > 0 && time - times[place - 1]! > long ? [times[place - 1]! + 1] : []));
}

/** A time that was dragged over becomes the time of the page. */
function zoom(plot: uPlot): void {
  if (plot.select.width < 8) return;
  const from = plot.posToVal(plot.select.left, "x");
  const to = plot.posToVal(plot.select.left + plot.select.width, "x");
  const url = new URL(location.href);
  url.searchParams.delete("range");
  url.searchParams.delete("cursor");
  url.searchParams.set("from", String(Math.floor(from)));
  url.searchParams.set("to", String(Math.max(Math.ceil(to), Math.floor(from) + 1)));
  location.assign(url);
}

/** An address whose time goes on with the clock, where the time of the page does. */
export function untilNow(address: string): URL {
  const url = new URL(address, location.href);
  if (new URL(location.href).searchParams.get("to")) return url;
  const span = Number(url.searchParams.get("to")) - Number(url.searchParams.get("from"));
  const now = Math.ceil(Date.now() / 1000);
  url.searchParams.set("to", String(now));
  url.searchParams.set("from", String(now - span));
  return url;
}

function lastWith(values: (number | null)[]): number {
  return Math.max(0, values.findLastIndex((value) => value != null));
}

function hidden(): uPlot.Series {
  return { stroke: "transparent", width: 0, spanGaps: true, points: { show: false } };
}

function timeWords(_: uPlot, ticks: number[]): string[] {
  const span = (ticks.at(-1) ?? 0) - (ticks[0] ?? 0);
  return ticks.map((tick) => {
    const at = new Date(tick * 1000);
    const day = `${at.getMonth() + 1}-${String(at.getDate()).padStart(2, "0")}`;
    if (span > 2 * 86_400) return day;
    const clock = `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
    return span < 600 ? `${clock}:${String(at.getSeconds()).padStart(2, "0")}` : clock;
  });
}

function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The colours of tokens.css as they are now: a canvas knows no variables. */
function colours(place: HTMLElement): (name: string, alpha?: number) => string {
  const probe = element("span", { hidden: true });
  place.append(probe);
  const read = (name: string, alpha = 1) => {
    probe.style.color = alpha === 1 ? `var(${name})` : `color-mix(in srgb, var(${name}) ${alpha * 100}%, transparent)`;
    return getComputedStyle(probe).color;
  };
  queueMicrotask(() => probe.remove());
  return read;
}
