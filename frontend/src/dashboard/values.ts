/** The values of a chart: columns of a metric that the server answers, or the rows of its table. */
import type { Unit } from "./amounts";

export interface Drawing {
  times: number[];
  /** One line for each name; `undefined` is spanned, `null` breaks the line. */
  values: (number | null | undefined)[][];
  /** Least and most of the first line. */
  band?: [(number | null | undefined)[], (number | null | undefined)[]];
  from: number;
  to: number;
}

interface Columns {
  name: string;
  host: string;
  times_s: number[];
  min: number[];
  max: number[];
  mean: number[];
  sum: number[];
}

export interface Ranged {
  from_s: number;
  to_s: number;
  width_s: number;
  series: Columns[];
}

const MOST_LINES = 6;
const BREAK_COLUMNS = 5;
const LEAST_BREAK_S = 120;

/** What `query_range` answers. */
export function ofColumns(found: Ranged, unit: Unit): Drawing {
  const lines = found.series.slice(0, MOST_LINES);
  const times = [...new Set(lines.flatMap((line) => line.times_s))].sort((one, other) => one - other);
  const breaks = breaksIn(times, found.width_s);
  const all = [...times, ...breaks].sort((one, other) => one - other);
  const place = new Map(all.map((time, index) => [time, index]));
  const spread = (line: Columns, of: number[], by = 1) => {
    const values = new Array<number | null | undefined>(all.length).fill(undefined);
    for (const time of breaks) values[place.get(time)!] = null;
    line.times_s.forEach((time, index) => (values[place.get(time)!] = of[index]! / by));
    return values;
  };
  const isRate = unit === "bytes/s";
  const drawing: Drawing = {
    times: all, from: found.from_s, to: found.to_s,
    values: lines.map((line) => (isRate ? spread(line, line.sum, found.width_s) : spread(line, line.mean))),
  };
  const [only] = lines;
  if (lines.length === 1 && !isRate) drawing.band = [spread(only!, only!.min), spread(only!, only!.max)];
  return drawing;
}

/** What stands in the table of a figure, newest first. */
export function ofTable(figure: HTMLElement, body: HTMLElement, count: number): Drawing {
  const rows = [...body.querySelectorAll<HTMLElement>("tr[data-t]")].reverse();
  const values = Array.from({ length: count }, () => new Array<number | undefined>(rows.length));
  rows.forEach((row, at) => {
    for (let column = 0; column < count; column++) {
      const text = (row.children[column + 1] as HTMLElement | undefined)?.dataset.v;
      if (text !== undefined) values[column]![at] = Number(text);
    }
  });
  const { from, to } = figure.dataset;
  return { times: rows.map((row) => Number(row.dataset.t)), values, from: Number(from), to: Number(to) };
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

/** Times that break a line: where nothing came for long. */
function breaksIn(times: number[], width: number): number[] {
  const long = Math.max(BREAK_COLUMNS * width, LEAST_BREAK_S);
  return times.flatMap((time, place) => (place > 0 && time - times[place - 1]! > long ? [times[place - 1]! + 1] : []));
}
