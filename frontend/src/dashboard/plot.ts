/** How a chart is drawn by uPlot: lines, bars, dots and areas in the colours of the page. */
import uPlot from "uplot";
import { element } from "../page/element";
import { axisAmount, type Unit } from "./amounts";
import type { Drawing } from "./values";

/** Of each column; `high` is the upper edge of a light area, above `low` or else the line. */
export type Kind = "line" | "bars" | "dots" | "low" | "high";

export interface Look {
  unit: Unit;
  kinds: Kind[];
  top: number | undefined;
  /** Times of marks. */
  marks: number[];
  width: number;
  onCursor(place: number | undefined): void;
}

export const HEIGHT_PX = 150;
const SYNC = "time";
/** Where an axis ends whose values are all 0. */
const FLAT_TOP: Partial<Record<Unit, number>> = { ratio: 0.1 };
/** Steps of an axis of seconds: round ones also of minutes and hours. */
const SECONDS = [
  ...[1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1].flatMap((power) => [power, 2 * power, 5 * power]),
  10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 36000, 86400, 172800, 432000, 864000,
];

export function plotted(place: HTMLElement, drawing: Drawing, look: Look): uPlot {
  const data = [drawing.times, ...drawing.values, ...(drawing.band ?? [])] as uPlot.AlignedData;
  const plot = new uPlot(options(place, drawing, look), data, place);
  plot.root.setAttribute("aria-hidden", "true");
  return plot;
}

function options(place: HTMLElement, drawing: Drawing, look: Look): uPlot.Options {
  const colour = colours(place);
  const axis = { stroke: colour("--muted"), font: `12px ${getComputedStyle(document.body).fontFamily}`, ticks: { show: false } };
  const area = areaOf(drawing, look.kinds);
  const warn = colour("--warn");
  return {
    width: look.width,
    height: HEIGHT_PX,
    legend: { show: false },
    tzDate: (time) => uPlot.tzDate(new Date(time * 1000), "Etc/UTC"), // as tables and all other times of a page
    padding: [8, 16, 0, 0],
    cursor: { sync: { key: SYNC }, drag: { x: true, y: false, setScale: false }, y: false, points: { size: look.kinds[0] === "bars" ? 0 : 6 } },
    scales: {
      x: { time: true, range: () => [drawing.from, drawing.to] },
      y: { range: (_, __, most) => [0, look.top ?? (most || FLAT_TOP[look.unit] || 1) * 1.05] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 24, space: 70, values: timeWords },
      { ...axis, grid: { stroke: colour("--line"), width: 1 }, size: 58, space: 40,
        ...(look.unit === "seconds" ? { incrs: SECONDS } : {}),
        values: (_, ticks) => ticks.map((value) => axisAmount(value, look.unit)) },
    ],
    series: [{}, ...drawing.values.map((_, number) => series(colour, look.kinds[number]!, number, drawing.times.length)),
      ...(drawing.band ? [edge(), edge()] : [])],
    ...(area ? { bands: [{ series: area, fill: colour("--series-1", 0.18) }] } : {}),
    hooks: {
      setCursor: [(plot) => look.onCursor(look.kinds[0] === "bars" ? barAt(plot) : (plot.cursor.idx ?? undefined))],
      setSelect: [zoom],
      drawClear: [(plot) => drawMarks(plot, look.marks, warn)],
    },
  };
}

function series(colour: Colour, kind: Kind, number: number, count: number): uPlot.Series {
  if (kind === "low" || kind === "high") return edge();
  const stroke = colour(`--series-${number + 1}`);
  const line = { stroke, width: 1.5, points: { show: kind === "dots" || (kind === "line" && count === 1), size: 6, fill: stroke } };
  if (kind === "dots") return { ...line, paths: () => null };
  if (kind === "bars") return { ...line, paths: uPlot.paths.bars!({ size: [0.8, 120], align: 1 }), fill: stroke, width: 0 };
  return line;
}

/** A bar stands from its time to the next one's. */
function barAt(plot: uPlot): number | undefined {
  const { idx, left } = plot.cursor;
  if (idx == null) return undefined;
  return idx > 0 && plot.data[0][idx]! > plot.posToVal(left!, "x") ? idx - 1 : idx;
}

/** Places of the upper and the lower edge of the light area. */
function areaOf(drawing: Drawing, kinds: Kind[]): [number, number] | undefined {
  if (drawing.band) return [drawing.values.length + 2, drawing.values.length + 1];
  const high = kinds.indexOf("high");
  const low = kinds.includes("low") ? kinds.indexOf("low") : kinds.indexOf("line");
  return high < 0 || low < 0 ? undefined : [high + 1, low + 1];
}

function edge(): uPlot.Series {
  return { stroke: "transparent", width: 0, points: { show: false } };
}

function drawMarks(plot: uPlot, marks: number[], colour: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.setLineDash([4, 3]);
  for (const mark of marks) {
    const x = plot.valToPos(mark, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** A time that was dragged over becomes the time of the page; its range stays in the address, to go back to. */
function zoom(plot: uPlot): void {
  if (plot.select.width < 8) return;
  const from = plot.posToVal(plot.select.left, "x");
  const to = plot.posToVal(plot.select.left + plot.select.width, "x");
  const url = new URL(location.href);
  url.searchParams.delete("cursor");
  url.searchParams.set("from", String(Math.floor(from)));
  url.searchParams.set("to", String(Math.max(Math.ceil(to), Math.floor(from) + 1)));
  location.assign(url);
}

function timeWords(_: uPlot, ticks: number[]): string[] {
  const span = (ticks.at(-1) ?? 0) - (ticks[0] ?? 0);
  return ticks.map((tick) => {
    const at = new Date(tick * 1000);
    const day = `${String(at.getUTCMonth() + 1).padStart(2, "0")}-${String(at.getUTCDate()).padStart(2, "0")}`;
    if (span > 2 * 86_400) return day;
    const clock = `${String(at.getUTCHours()).padStart(2, "0")}:${String(at.getUTCMinutes()).padStart(2, "0")}`;
    return span < 600 ? `${clock}:${String(at.getUTCSeconds()).padStart(2, "0")}` : clock;
  });
}

type Colour = (name: string, alpha?: number) => string;

/** The colours of tokens.css as they are now: a canvas knows no variables. */
function colours(place: HTMLElement): Colour {
  const probe = element("span", { hidden: true });
  place.append(probe);
  const read = (name: string, alpha = 1) => {
    probe.style.color = alpha === 1 ? `var(${name})` : `color-mix(in srgb, var(${name}) ${alpha * 100}%, transparent)`;
    return getComputedStyle(probe).color;
  };
  queueMicrotask(() => probe.remove());
  return read;
}
