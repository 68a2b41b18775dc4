/** Entries of the browser's timeline, those from before included; nothing where it has none. */
export function observe(type: string, see: (entry: PerformanceEntry) => void): void {
  try {
    new PerformanceObserver((list) => list.getEntries().forEach(see)).observe({ type, buffered: true });
  } catch {
    // a browser without this kind of entry
  }
}
