/** Charts of a page: drawn on canvas in the place of the server's pictures, with one cursor. */
import type uPlot from "uplot";
import { element } from "../page/element";
import { amount, type Unit } from "./amounts";
import { iso } from "./figure";
import type { Kind, Look, plotted } from "./plot";
import { ofColumns, ofTable, untilNow, type Drawing, type Ranged } from "./values";

const MOST_ROWS = 200;
/** Values beside a title; the table has all. */
const MOST_SAID = 4;
/** From the first chart on: the library's start takes long, and pages are there before it. */
let draws: typeof plotted | undefined;

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
    setTimeout(() => void this.load()); // a task for each chart: keys and clicks get in between
  }

  get unit(): Unit {
    return this.figure.dataset.unit as Unit;
  }

  /** Gets the values, from the server or from the table, and draws them. */
  async load(): Promise<void> {
    draws ??= await start();
    this.drawing = this.isMeasured ? ((await this.measured()) ?? this.drawing) : ofTable(this.figure, this.body, this.names.length);
    if (this.isGone || !this.drawing || this.drawing.times.length === 0) return;
    this.lastWords = this.wordsAt(lastWith(this.drawing.values[0]!));
    this.last.textContent = this.lastWords;
    this.draw();
    this.fillTable();
  }

  draw(): void {
    const { drawing } = this;
    if (!drawing || drawing.times.length === 0 || !draws) return;
    this.shown?.destroy();
    this.plot.querySelectorAll("svg, .top, .zero, .nothing").forEach((old) => old.remove());
    this.shown = draws(this.plot, drawing, this.look);
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
    return ofColumns(found, this.unit);
  }

  private get look(): Look {
    const { kind, kinds, top } = this.figure.dataset;
    const marks = [...this.figure.querySelectorAll<HTMLElement>(".marks [data-t]")];
    return {
      unit: this.unit, width: this.plot.clientWidth, top: top ? Number(top) : undefined,
      kinds: (kinds?.split(" ") ?? this.drawing!.values.map(() => kind)) as Kind[],
      marks: marks.map((mark) => Number(mark.dataset.t)), onCursor: (place) => this.say(place),
    };
  }

  private say(place: number | undefined): void {
    this.last.textContent = place === undefined ? this.lastWords : this.wordsAt(place);
  }

  private wordsAt(place: number): string {
    const { drawing } = this;
    const values = drawing?.values.map((line) => line[place]) ?? [];
    const kinds = this.look.kinds;
    const words = values.map((value, column) =>
      value == null || kinds[column] === "low" || kinds[column] === "high" ? "" : amount(value, this.unit));
    const band = drawing?.band?.map((line) => line[place]);
    const about = band && band[0] != null && band[1] != null && band[0] !== band[1]
      ? ` (${amount(band[0], this.unit)} to ${amount(band[1], this.unit)})` : "";
    const said = words.filter(Boolean);
    return (said.length > MOST_SAID ? [...said.slice(0, MOST_SAID), "…"] : said).join(" · ") + about;
  }

  private resize(): void {
    const width = this.plot.clientWidth;
    if (this.shown && width && width !== this.shown.width) this.shown.setSize({ width, height: this.shown.height });
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

/** A task of its own, as drawing is one. */
async function start(): Promise<typeof plotted> {
  const { plotted } = await import("./plot");
  await new Promise((done) => setTimeout(done));
  return plotted;
}

function lastWith(values: (number | null | undefined)[]): number {
  return Math.max(0, values.findLastIndex((value) => value != null));
}

function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
