/** Numbers for people, as buildopt/quantities.py writes them. */

/** `184 kB`, in powers of 1,000. */
export function size(countBytes: number): string {
  let value = countBytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (value < 999.5) return `${significant(value)} ${unit}`;
    value /= 1000;
  }
  return `${significant(value)} TB`;
}

/** `184,212 bytes`. */
export function exactBytes(countBytes: number): string {
  return `${countBytes.toLocaleString("en-US", { maximumFractionDigits: 0 })} ${countBytes === 1 ? "byte" : "bytes"}`;
}

/** `62 %`. */
export function share(ratio: number): string {
  return `${significant(ratio * 100)} %`;
}

/** `+12.4 kB, +3.1 %`; direction, amount and share. */
export function change(before: number, after: number): string {
  const delta = after - before;
  if (!delta) return "±0";
  const sign = delta > 0 ? "+" : "−";
  const ratio = before ? `, ${sign}${share(Math.abs(delta) / before)}` : "";
  return `${sign}${size(Math.abs(delta))}${ratio}`;
}

/** `1 file`, `12 files`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? singular : plural}`;
}

function significant(value: number): string {
  return String(Number(value.toPrecision(3)));
}
