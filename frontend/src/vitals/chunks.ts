/** Scripts and styles as they were loaded: name, begin and duration in ms, bytes. */
import { observe } from "./observe";

/** Path, start, duration, bytes of the transfer (0 from a cache), bytes of the file. */
export type Chunk = [string, number, number, number, number];

const MOST = 100;
const IS_CHUNK = /\.(m?js|css)$/;

export class Chunks {
  #new: Chunk[] = [];
  #names = new Set<string>();

  #flush = observe("resource", (entry) => this.#see(entry as PerformanceResourceTiming));

  /** All that the page has loaded: what tells its build. */
  names(): string[] {
    return [...this.#names];
  }

  take(): Chunk[] {
    this.#flush();
    return this.#new.splice(0);
  }

  #see(entry: PerformanceResourceTiming): void {
    const url = new URL(entry.name, location.href);
    if (!IS_CHUNK.test(url.pathname) || url.pathname.endsWith("/vitals.js")) return;
    if (this.#names.size < MOST) this.#names.add(url.pathname);
    if (this.#new.length < MOST) {
      this.#new.push([url.pathname, Math.round(entry.startTime), round(entry.duration),
        entry.transferSize, entry.decodedBodySize]);
    }
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
