/** The treemap of a bundle or an archive, from the analysis that the event names. */
import { TreeMap } from "../bundle/map";
import { leavesOf, measure, pathOf, search, type Item, type Owner } from "../bundle/tree";
import { element } from "../page/element";
import { plain } from "../page/plain";
import { change, counted, exactBytes, share, size } from "../page/quantities";

interface Analysis {
  kind: string;
  files: { path: string; raw: number }[];
  modules?: { file: string; name: string; kind: string; instance: string; bytes: number }[];
  packages?: { name: string; version: string | null; instance: string; bytes: number }[];
  duplicates?: { instances: string[] }[];
}

const HUES = 6;
/** What bundlers put before the ending of a file, of what it holds. */
const HASH = /[-.][A-Za-z0-9_-]{8,}(?=\.[a-z0-9.]+$)/;

/** `before` is the path of the build that it is compared with. */
export async function showBundle(place: HTMLElement, path: string, before?: string): Promise<void> {
  const [analysis, older] = await Promise.all([analysisAt(path), before ? analysisAt(before) : undefined]);
  if (!analysis) return void place.append(element("p", { class: "muted" }, "The whole analysis is kept no longer."));
  const byModules = [analysis, older].every((one) => !one || one.modules?.length); // of both, or of none
  const root = treeOf(analysis, byModules);
  if (older) compareWith(root, treeOf(older, byModules));
  measure(root, (leaf) => leaf.bytes);
  search(root, "");
  show(place, root, older !== undefined);
}

async function analysisAt(path: string): Promise<Analysis | undefined> {
  const answer = await fetch(path).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as Analysis) : undefined;
}

function treeOf(analysis: Analysis, byModules: boolean): Item {
  return byModules ? ofModules(analysis) : ofFiles(analysis);
}

/** Gives each part the size that it had; names of files have other hashes in each build. */
function compareWith(root: Item, older: Item): void {
  const sizes = new Map<string, number>();
  for (const leaf of leavesOf(older)) sizes.set(keyOf(leaf), (sizes.get(keyOf(leaf)) ?? 0) + leaf.bytes);
  for (const leaf of leavesOf(root)) {
    const before = sizes.get(keyOf(leaf)) ?? 0;
    sizes.delete(keyOf(leaf));
    for (let at: Item | undefined = leaf; at; at = at.parent) at.before += before;
  }
}

function keyOf(leaf: Item): string {
  return `${leaf.file.replace(HASH, "")}\0${leaf.owner?.name ?? ""}\0${leaf.name.replace(HASH, "")}`;
}

function show(place: HTMLElement, root: Item, isCompared: boolean): void {
  let zoomed = root;
  const crumbs = element("nav", { class: "crumbs", "aria-label": "Zoomed into" });
  const words = element("p", { class: "chosen muted", "aria-live": "polite" });
  const map = new TreeMap(root, isCompared, { onChosen: describe, onZoomed: zoom });
  place.replaceChildren(searchField(root, () => map.repaint()), crumbs, map.holder, words);
  zoom(root);

  function zoom(item: Item): void {
    zoomed = item;
    map.show(item);
    describe(undefined);
    const way: Item[] = [];
    for (let at: Item | undefined = item; at; at = at.parent) way.unshift(at);
    crumbs.replaceChildren(...way.flatMap((at, index) => [
      ...(index ? [" / "] : []),
      at === item ? element("span", { "aria-current": "true" }, at.name)
        : element("button", { type: "button", onclick: () => zoom(at) }, at.name),
    ]), `, ${size(item.bytes)}`);
  }

  function describe(item: Item | undefined): void {
    if (!item) return void words.replaceChildren("Point at a part, or move with the arrows: Enter zooms in, Escape out.");
    const target = item.children.length ? item : item.parent;
    words.replaceChildren(element("code", {}, pathOf(item)), ", ",
      `${size(item.bytes)} (${exactBytes(item.bytes)}), ${share(item.bytes / (root.bytes || 1))} of all`,
      ...(isCompared ? [item.before ? `, ${change(item.before, item.bytes)}` : ", ▲ new"] : []),
      ...(item.owner?.isDuplicate ? [", ▨ one of several copies"] : []),
      ...(target !== zoomed ? [" ", element("button", { type: "button", onclick: () => map.zoomIn() }, "Zoom in")] : []));
  }
}

/** What is not searched for is dimmed. */
function searchField(root: Item, onSearched: () => void): HTMLElement {
  const found = element("span", { class: "muted", role: "status" });
  const input = element("input", { type: "search", autocomplete: "off" });
  input.addEventListener("input", () => {
    const count = search(root, input.value);
    found.textContent = input.value.trim() ? `${counted(count, "part")} found` : "";
    onSearched();
  });
  return element("p", { class: "controls" }, element("label", {}, "Search ", input), found);
}

/** Files, whose code is in them, modules. What no map gives to a module is the file's own. */
function ofModules(analysis: Analysis): Item {
  const packages = [...(analysis.packages ?? [])].sort((one, other) => other.bytes - one.bytes);
  const twice = new Set(analysis.duplicates?.flatMap((one) => one.instances));
  const owners = new Map<string, Owner>(packages.map((one, place) => [one.instance, {
    name: one.name, version: one.version ?? "", instance: one.instance, isDuplicate: twice.has(one.instance),
    chain: [], hue: place < HUES - 1 ? place + 2 : 0,
  }]));
  const own: Owner = { name: "own code", version: "", instance: "", isDuplicate: false, chain: [], hue: 1 };
  const root = item("all files", undefined);
  for (const { path, raw } of analysis.files) {
    const file = item(path, root);
    const parts = new Map<Owner, Item>();
    for (const module of analysis.modules!) {
      if (module.file !== path || module.bytes <= 0) continue;
      const owner = owners.get(module.instance) ?? (module.kind === "own" ? own : { ...own, name: module.kind, hue: 0 });
      const known = [...parts].find(([one]) => one === owner || (!one.instance && one.name === owner.name));
      const part = known?.[1] ?? item(`${owner.name} ${owner.version}`.trim(), file, owner);
      parts.set(known?.[0] ?? owner, part);
      leaf(module.name, part, module.bytes);
    }
    const rest = raw - file.bytes;
    if (rest > 0) leaf(parts.size ? "(not mapped)" : "(itself)", file, rest);
  }
  return sorted(root);
}

/** Files by their folders; the colour is that of the folder at the top. */
function ofFiles(analysis: Analysis): Item {
  const root = item("all files", undefined);
  const folders = new Map<string, Item>();
  for (const { path, raw } of analysis.files) {
    const names = path.split("/");
    let at = root;
    names.slice(0, -1).forEach((name, depth) => {
      const key = names.slice(0, depth + 1).join("/");
      const owner = at.owner ?? { name, version: "", instance: "", isDuplicate: false, chain: [], hue: (folders.size % HUES) + 1 };
      at = folders.get(key) ?? item(name, at, depth === 0 ? owner : undefined);
      folders.set(key, at);
    });
    if (raw > 0) leaf(names.at(-1)!, at, raw);
  }
  return sorted(root);
}

function item(name: string, parent: Item | undefined, owner?: Owner): Item {
  const made: Item = {
    name: plain(name), parent, file: parent?.file || (parent ? plain(name) : ""), children: [], owner: owner ?? parent?.owner,
    startsOwner: owner !== undefined, bytes: 0, before: 0, compressed: 0, value: 0, matches: true,
  };
  parent?.children.push(made);
  return made;
}

function leaf(name: string, parent: Item, bytes: number): void {
  item(name, parent).bytes = bytes;
  for (let at: Item | undefined = parent; at; at = at.parent) at.bytes += bytes;
}

function sorted(at: Item): Item {
  at.children.sort((one, other) => other.bytes - one.bytes);
  at.children.forEach(sorted);
  return at;
}
