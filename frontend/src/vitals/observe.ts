/** Entries of the browser's timeline, those from before included; nothing where it has none.
 *
 *  What is returned takes in at once what the browser has not handed over yet. */
export function observe(type: string, see: (entry: PerformanceEntry) => void): () => void {
  try {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(see));
    observer.observe({ type, buffered: true });
    return () => observer.takeRecords().forEach(see);
  } catch {
    return () => undefined; // a browser without this kind of entry
  }
}
