/** The tree of an output, from the columns that buildopt/report/bundle/data.py writes. */

export interface Owner {
  name: string;
  version: string;
  instance: string;
  isDuplicate: boolean;
  chain: string[];
  hue: number;
}

export interface Item {
  name: string;
  /** The output file, or the archive's top folder, that it is in. */
  file: string;
  parent: Item | undefined;
  children: Item[];
  /** Whose it is; a file or folder in which several owners begin has none. */
  owner: Owner | undefined;
  startsOwner: boolean;
  bytes: number;
  /** Bytes in the first build of a comparison. */
  before: number;
  /** Bytes in an archive. */
  compressed: number;
  /** The size of its cell: bytes, or what was chosen to be shown. */
  value: number;
  /** Whether it, or something in it, is what is searched for. */
  matches: boolean;
}

export interface Document {
  kind: "bundle" | "archive" | "diff";
  ending: string;
  names: string;
  counts: number[];
  figures: Record<string, string[]>;
  starts: number[];
  places: number[];
  owners: [string, string, string, number, string[]][];
  hues: Record<string, number>;
  scales: Record<string, Record<string, number>>;
}

/** The root of all files. */
export function treeOf(data: Document): Item {
  const names = data.names.split("\n");
  const owners = data.owners.map(([name, version, instance, isDuplicate, chain]) => ({
    name, version, instance, isDuplicate: isDuplicate === 1, chain, hue: data.hues[name] ?? 0,
  }));
  const raw = numbersOf(data.figures.raw!);
  const before = data.figures.before && numbersOf(data.figures.before);
  const compressed = data.figures.compressed && numbersOf(data.figures.compressed);
  let node = 0;
  let leaf = 0;
  let start = 0;

  const grow = (parent: Item | undefined): Item => {
    const number = node++;
    const count = data.counts[number]!;
    const name = count ? names[number]! : wholeName(names[number]!, data.ending);
    const item: Item = {
      name, file: parent?.file || (parent ? name : ""), parent, children: [], owner: parent?.owner, startsOwner: false,
      bytes: 0, before: 0, compressed: 0, value: 0, matches: true,
    };
    if (data.starts[start] === number) {
      item.owner = owners[data.places[start++]!];
      item.startsOwner = true;
    }
    if (count === 0) {
      item.bytes = raw[leaf]!;
      item.before = before?.[leaf] ?? 0;
      item.compressed = compressed?.[leaf] ?? 0;
      leaf++;
      return item;
    }
    for (let child = 0; child < count; child++) item.children.push(grow(item));
    item.children.sort(largestFirst);
    return summed(item);
  };
  return grow(undefined);
}

/** The same leaves by whose they are: owner, then file where there are several. */
export function byOwner(root: Item): Item {
  const parts = new Map<string, Item[]>();
  const collect = (item: Item) => {
    if (!item.startsOwner) return item.children.forEach(collect);
    const key = keyOf(item);
    parts.set(key, [...(parts.get(key) ?? []), item]);
  };
  collect(root);
  const top = { ...root, children: [] as Item[] };
  for (const items of parts.values()) {
    const [only] = items;
    const name = labelOf(only!);
    const group: Item = { ...only!, name, parent: top, children: [], bytes: 0, before: 0, compressed: 0 };
    group.children =
      items.length === 1 && only!.children.length > 0
        ? only!.children.map((child) => copied(child, group))
        : items.map((item) => ({ ...copied(item, group), name: item.file, startsOwner: false }));
    for (const file of group.children) for (const child of file.children) child.parent = file;
    top.children.push(summed(group));
  }
  top.children.sort(largestFirst);
  return top;
}

/** Gives every item the size that its cell has. */
export function measure(root: Item, sizeOfLeaf: (leaf: Item) => number): void {
  const set = (item: Item): number => {
    item.value = item.children.length
      ? item.children.reduce((sum, child) => sum + set(child), 0)
      : sizeOfLeaf(item);
    return item.value;
  };
  set(root);
}

/** Marks what has a text in its path; the number of leaves that have. */
export function search(root: Item, text: string): number {
  const wanted = text.trim().toLowerCase();
  let found = 0;
  const mark = (item: Item, above: string, isFound: boolean): boolean => {
    const path = isFound ? "" : `${above}/${item.name.toLowerCase()}`;
    const is = isFound || path.includes(wanted);
    if (item.children.length === 0) {
      if (is) found++;
      return (item.matches = is);
    }
    let some = false;
    for (const child of item.children) if (mark(child, path, is)) some = true;
    return (item.matches = some);
  };
  mark(root, "", wanted === "");
  return found;
}

/** The name of the part of a file that an owner has: as the map and the table say it. */
export function labelOf(item: Item): string {
  return item.children.length ? item.name : (item.owner?.name ?? item.name);
}

/** Equal for all parts of one owner. */
export function keyOf(item: Item): string {
  return item.owner?.instance || labelOf(item);
}

function summed(item: Item): Item {
  for (const child of item.children) {
    item.bytes += child.bytes;
    item.before += child.before;
    item.compressed += child.compressed;
  }
  return item;
}

function largestFirst(one: Item, other: Item): number {
  return Math.max(other.bytes, other.before) - Math.max(one.bytes, one.before);
}

/** Numbers of which each text holds a digit to the base of 64, the last digits first. */
function numbersOf(planes: string[]): number[] {
  const numbers = new Array<number>(planes[0]!.length).fill(0);
  let weight = 1;
  for (const plane of planes) {
    for (let place = 0; place < plane.length; place++) numbers[place]! += weight * digitOf(plane.charCodeAt(place));
    weight *= 64;
  }
  return numbers;
}

/** Of A to Z, a to z, 0 to 9, + and /. */
function digitOf(code: number): number {
  if (code >= 97) return code - 97 + 26;
  if (code >= 65) return code - 65;
  if (code >= 48) return code - 48 + 52;
  return code === 43 ? 62 : 63;
}

function wholeName(name: string, ending: string): string {
  return name.endsWith("/") ? name.slice(0, -1) : name + ending;
}

function copied(item: Item, parent: Item): Item {
  const copy: Item = { ...item, parent, children: [] };
  copy.children = item.children.map((child) => copied(child, copy));
  return copy;
}

/** The way from below the root to an item. */
export function pathOf(item: Item): string {
  const names: string[] = [];
  for (let at: Item | undefined = item; at?.parent; at = at.parent) names.unshift(at.name);
  return names.join("/");
}

/** All leaves below an item. */
export function* leavesOf(item: Item): Generator<Item> {
  if (item.children.length === 0) yield item;
  for (const child of item.children) yield* leavesOf(child);
}
