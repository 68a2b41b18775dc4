/** Values with their units, as the server writes them. */
import { share, size } from "../page/quantities";

export type Unit = "ratio" | "bytes" | "bytes/s" | "seconds" | "count";

export function amount(value: number, unit: Unit): string {
  switch (unit) {
    case "ratio": return share(value);
    case "bytes": return size(value);
    case "bytes/s": return `${size(value)}/s`;
    case "seconds": return duration(value);
    case "count": return Number(value.toPrecision(3)).toLocaleString("en-US");
  }
}

/** The same for an axis, where there is little room. */
export function axisAmount(value: number, unit: Unit): string {
  if (unit !== "seconds" || value < 99.95) return amount(value, unit);
  if (value < 5400) return `${short(value / 60)} min`;
  return value < 172_800 ? `${short(value / 3600)} h` : `${short(value / 86_400)} d`;
}

/** `2.41 s`, `12 ms`, `3 min 5 s`, `5 d 14 h`. */
export function duration(seconds: number): string {
  if (seconds === 0) return "0 s";
  if (seconds < 0.0009995) return `${short(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${short(seconds * 1000)} ms`;
  if (seconds < 99.95) return `${short(seconds)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
