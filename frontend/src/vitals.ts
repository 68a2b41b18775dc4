/** The one script of the beacon: what a page measures of itself, sent when it is left.
 *
 *  <script src="http://127.0.0.1:7117/api/v1/vitals.js" data-token="…" defer></script>
 *
 *  data-token      the write-only token (`buildopt vitals tag` prints the whole line)
 *  data-endpoint   where beacons go; else beside the script
 *  data-route      the page's route, where its address alone does not tell
 *  data-build      the build that made the page; else <meta name="buildopt-build" content="…">
 *  data-measures   what the names of User Timing measures begin with: `render:`
 */
import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";
import type { Metric } from "web-vitals";

import { Chunks } from "./vitals/chunks";
import { Failures } from "./vitals/failures";
import { Measures } from "./vitals/measures";

const script = document.currentScript as HTMLScriptElement | null;
const told = script?.dataset ?? {};
const endpoint = told.endpoint ?? (script?.src ?? location.href).replace(/vitals\.js.*$/, "vitals");
/** Where the page was opened: vitals are of that route, whatever a single page shows later. */
const page = told.route ?? location.pathname;
const vitals = new Map<string, Metric>();
const chunks = new Chunks();
const failures = new Failures();
const measures = new Measures(told.measures ?? "render:");

function keep(metric: Metric): void {
  vitals.set(metric.name, metric);
}

function send(): void {
  const body = {
    v: 1,
    page,
    build: told.build ?? document.querySelector<HTMLMetaElement>("meta[name=buildopt-build]")?.content ?? "",
    vitals: [...vitals.values()].map(({ name, value, delta, id, rating, navigationType }) =>
      [name, value, delta, id, rating, navigationType]),
    ready: readyAt(),
    chunks: chunks.take(),
    names: chunks.names(),
    failed: failures.take(),
    measures: measures.take(),
  };
  vitals.clear();
  if (!body.vitals.length && !body.chunks.length && !body.failed.length && !body.measures.length) return;
  navigator.sendBeacon(`${endpoint}?token=${encodeURIComponent(told.token ?? "")}`, JSON.stringify(body));
}

/** When the page's own scripts had run, in ms; what is loaded later is loaded on demand. */
function readyAt(): number {
  const [navigation] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return Math.round(navigation?.domContentLoadedEventEnd ?? 0);
}

for (const watch of [onLCP, onINP, onCLS, onFCP, onTTFB]) watch(keep);
// After the listeners of web-vitals, which capture, and give their last values at this moment.
addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send());
addEventListener("pagehide", send);
