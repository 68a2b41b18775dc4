/** User Timing measures of a page, such as `performance.measure("render:List", …)`. */
import { observe } from "./observe";

const MOST = 100;

export class Measures {
  #new: [string, number][] = [];
  #flush: () => void;

  constructor(prefix: string) {
    this.#flush = observe("measure", (entry) => {
      if (entry.name.startsWith(prefix) && this.#new.length < MOST) {
        this.#new.push([entry.name.slice(prefix.length), Math.round(entry.duration * 10) / 10]);
      }
    });
  }

  take(): [string, number][] {
    this.#flush();
    return this.#new.splice(0);
  }
}
