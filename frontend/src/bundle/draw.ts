/** Draws tiles on a canvas, in the colours that the style sheet gives. */
import { size } from "../page/quantities";
import { TITLE_PX, type Tile } from "./layout";
import type { Item } from "./tree";

const HUES = 7;
const DEPTHS = 5;
const FONT_PX = 12;
/** Width of a character of 12 px, about. */
const CHARACTER_PX = 6.6;
const LEAST_LABEL_PX = 26;
const DIMMED = 0.16;
/** A share that is worth a mark. */
const LEAST_CHANGE = 0.01;
const LEAST_OUTLINED_PX = 12;

export interface Palette {
  /** Hue, then depth. */
  tiles: string[][];
  ground: string;
  text: string;
  accent: string;
  warn: string;
  hatch: CanvasPattern | string;
  font: string;
}

/** The colours as they are now: read again when the theme changes. */
export function readPalette(context: CanvasRenderingContext2D): Palette {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const rects: SVGRectElement[] = [];
  for (let place = 0; place < HUES * DEPTHS; place++) {
    const rect = document.createElementNS(svg.namespaceURI!, "rect") as SVGRectElement;
    rect.setAttribute("class", `s${Math.floor(place / DEPTHS)} d${place % DEPTHS}`);
    rects.push(rect);
  }
  svg.setAttribute("class", "probe");
  svg.append(...rects);
  document.body.append(svg);
  const fills = rects.map((rect) => getComputedStyle(rect).fill);
  const named = (name: string) => {
    svg.style.color = `var(--${name})`;
    return getComputedStyle(svg).color;
  };
  const palette = {
    tiles: Array.from({ length: HUES }, (_, hue) => fills.slice(hue * DEPTHS, (hue + 1) * DEPTHS)),
    ground: named("ground"),
    text: named("text"),
    accent: named("accent"),
    warn: named("warn"),
    font: `${FONT_PX}px ${getComputedStyle(document.body).fontFamily}`,
  };
  svg.remove();
  return { ...palette, hatch: hatch(context, palette.text) };
}

/** Everything, from the folders to what is in them; a comparison outlines what grew. */
export function draw(
  context: CanvasRenderingContext2D,
  tiles: Tile[],
  palette: Palette,
  selected: Item | undefined,
  isComparison: boolean,
): void {
  const { canvas } = context;
  const ratio = devicePixelRatio || 1;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = palette.ground;
  context.fillRect(0, 0, canvas.width / ratio, canvas.height / ratio);
  context.font = palette.font;
  context.textBaseline = "middle";
  for (const tile of tiles) paint(context, tile, palette);
  if (isComparison) for (const tile of tiles) outlineGrowth(context, tile, palette);
  for (const tile of tiles) label(context, tile, palette, isComparison);
  const chosen = tiles.find((tile) => tile.item === selected);
  if (chosen) frame(context, chosen, palette.accent, 3);
}

/** A folder is its title; the ground between the cells in it parts them. */
function paint(context: CanvasRenderingContext2D, tile: Tile, palette: Palette): void {
  const { x, y, width, height, item, isOpen } = tile;
  const colours = palette.tiles[item.owner?.hue ?? 0]!;
  context.globalAlpha = item.matches ? 1 : DIMMED;
  context.fillStyle = colours[Math.min(tile.depth, DEPTHS - 1)]!;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
  if (isOpen) {
    const title = tile.hasTitle ? TITLE_PX - 1 : 1;
    context.fillStyle = palette.ground;
    context.fillRect(x + 1, y + title, width - 2, height - title - 1);
  } else if (item.matches && item.owner?.isDuplicate) {
    const name = height > 2 * TITLE_PX && width > LEAST_LABEL_PX ? TITLE_PX : 0;
    context.fillStyle = palette.hatch;
    context.fillRect(x, y + name, width, height - name);
  }
}

function outlineGrowth(context: CanvasRenderingContext2D, tile: Tile, palette: Palette): void {
  const { item } = tile;
  const isUnit = item.startsOwner || !tile.isOpen;
  const hasRoom = tile.width > LEAST_OUTLINED_PX && tile.height > LEAST_OUTLINED_PX;
  if (isUnit && hasRoom && item.matches && stateOf(item).startsWith("▲")) frame(context, tile, palette.warn, 2);
}

/** What became of it since the first build; nothing for a part of what is new itself. */
function stateOf(item: Item): string {
  const { bytes, before, parent } = item;
  if (before === 0) return item.startsOwner || parent?.before ? "▲ new " : "";
  if (bytes > before * (1 + LEAST_CHANGE)) return "▲ ";
  return bytes < before * (1 - LEAST_CHANGE) ? "▼ " : "";
}

function frame(context: CanvasRenderingContext2D, tile: Tile, colour: string, width: number): void {
  if (tile.width <= width || tile.height <= width) return;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.strokeRect(tile.x + width / 2, tile.y + width / 2, tile.width - width, tile.height - width);
}

function label(context: CanvasRenderingContext2D, tile: Tile, palette: Palette, isComparison: boolean): void {
  if (tile.isOpen ? !tile.hasTitle : tile.height < FONT_PX + 4) return;
  const room = Math.floor((tile.width - 8) / CHARACTER_PX);
  if (tile.width < LEAST_LABEL_PX || !tile.item.matches) return;
  const words = wordsOf(tile.item, room, isComparison);
  if (!words) return;
  context.fillStyle = palette.text;
  const middle = tile.isOpen ? TITLE_PX / 2 : Math.min(TITLE_PX / 2 + 1, tile.height / 2);
  context.fillText(words, tile.x + 4, tile.y + middle, tile.width - 8);
}

/** The name, and its size where there is room; nothing where too little of the name would fit. */
function wordsOf(item: Item, room: number, isComparison: boolean): string {
  const mark = item.startsOwner && item.owner?.isDuplicate ? "▨ " : "";
  const state = isComparison ? stateOf(item) : "";
  const name = state + mark + item.name;
  const amount = `  ${size(item.value)}`;
  if (name.length + amount.length <= room) return name + amount;
  if (name.length <= room) return name;
  return room >= 5 ? `${name.slice(0, room - 1)}…` : "";
}

/** Diagonal lines, for what is there more than once. */
function hatch(context: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
  const side = 8;
  const ratio = devicePixelRatio || 1;
  const brush = document.createElement("canvas");
  brush.width = brush.height = side * ratio;
  const lines = brush.getContext("2d")!;
  lines.scale(ratio, ratio);
  lines.strokeStyle = colour;
  lines.globalAlpha = 0.3;
  lines.lineWidth = 1.5;
  lines.beginPath();
  for (const shift of [-side, 0, side]) {
    lines.moveTo(shift - 1, side + 1);
    lines.lineTo(shift + side + 1, -1);
  }
  lines.stroke();
  const pattern = context.createPattern(brush, "repeat");
  pattern?.setTransform(new DOMMatrix().scale(1 / ratio));
  return pattern ?? "transparent";
}
