/** Where the cells of a treemap stand. What would be too small to see is not laid out. */
import { hierarchy, treemap, type HierarchyRectangularNode } from "d3-hierarchy";
import type { Item } from "./tree";

export const TITLE_PX = 18;
/** A folder of less than this is one cell; zooming in opens it. */
const LEAST_OPEN_PX2 = 260;
/** Leaves of less are one cell together. */
const LEAST_CELL_PX2 = 5;

export interface Tile {
  item: Item;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Steps below the owner; 0 above one. */
  depth: number;
  isOpen: boolean;
  hasTitle: boolean;
}

/** What stands for the small ones of a folder. */
interface Rest {
  rest: number;
}

/** Cells of an item's children, folders before what is in them. */
export function tilesOf(zoomed: Item, width: number, height: number): Tile[] {
  const scale = zoomed.value ? (width * height) / zoomed.value : 0;
  const childrenOf = (node: Item | Rest): (Item | Rest)[] | undefined => {
    if ("rest" in node || isClosed(node, zoomed, scale)) return undefined;
    const large = node.children.filter((child) => child.value * scale >= LEAST_CELL_PX2);
    const rest = node.value - large.reduce((sum, child) => sum + child.value, 0);
    return rest > 0 ? [...large, { rest }] : large;
  };
  const root = hierarchy<Item | Rest>(zoomed, childrenOf)
    .sum((node) => ("rest" in node ? node.rest : isClosed(node, zoomed, scale) ? node.value : 0))
    .sort((one, other) => (other.value ?? 0) - (one.value ?? 0));
  const placed = treemap<Item | Rest>()
    .size([width, height])
    .paddingInner(1)
    .paddingOuter((node) => (node.depth ? 1 : 0))
    .paddingTop((node) => (node.depth === 0 ? 0 : hasTitle(node) ? TITLE_PX : 1))(root);
  return placed.descendants().slice(1).filter((node) => !("rest" in node.data)).map(tileOf);
}

function isClosed(item: Item, zoomed: Item, scale: number): boolean {
  return item.children.length === 0 || (item !== zoomed && item.value * scale < LEAST_OPEN_PX2);
}

function hasTitle(node: HierarchyRectangularNode<Item | Rest>): boolean {
  return node.x1 - node.x0 > 2 * TITLE_PX && node.y1 - node.y0 > 2 * TITLE_PX;
}

function tileOf(node: HierarchyRectangularNode<Item | Rest>): Tile {
  const item = node.data as Item;
  return {
    item,
    x: node.x0,
    y: node.y0,
    width: node.x1 - node.x0,
    height: node.y1 - node.y0,
    depth: stepsBelowOwner(item),
    isOpen: Boolean(node.children),
    hasTitle: hasTitle(node),
  };
}

function stepsBelowOwner(item: Item): number {
  let steps = 0;
  for (let at: Item | undefined = item; at?.owner; at = at.parent) {
    steps++;
    if (at.startsOwner) break;
  }
  return steps;
}
