// Tells buildopt what a build by Vite or Rollup was made of and what took how long.
//
//     import buildopt from "./buildopt-plugin.mjs";
//     export default { plugins: [buildopt()] };
//
// It only looks: what is built is the same with and without it. Outside of `buildopt run` it does
// nothing. This file needs no other one; copy it where your configuration is.

import { appendFileSync } from "node:fs";
import { isAbsolute, relative, sep } from "node:path";
import { hrtime } from "node:process";

const TYPE = "buildopt.bundler.finished";
const LARGEST_CHUNKS = 50;
const LARGEST_MODULES = 10; // of a chunk; an event holds 64 KiB

export default function buildopt() {
  const file = process.env.BUILDOPT_EVENTS;
  if (!file) return { name: "buildopt" };
  const marks = {};
  const mark = (name) => () => void (marks[name] = hrtime.bigint());
  let root = process.cwd();

  return {
    name: "buildopt",
    apply: "build", // Vite: not while serving
    enforce: "post", // Vite: see what the other plugins made of it

    configResolved(config) {
      root = config.root;
    },
    buildStart: mark("start"),
    buildEnd: mark("parsed"),
    renderStart: mark("rendering"),
    generateBundle: mark("rendered"),
    writeBundle(options, bundle) {
      marks.written = hrtime.bigint();
      quietly(() => {
        const data = { ...facts(this, options, bundle, root), phases_s: phases(marks) };
        append(file, { type: TYPE, subject: data.output_folder, data });
      });
    },
  };
}

function facts(context, options, bundle, root) {
  const output = Object.values(bundle);
  const chunks = output.filter((item) => item.type === "chunk");
  return {
    ...tool(context.meta),
    output_folder: shown(options.dir ?? options.file ?? "", root),
    format: options.format,
    modules: [...context.getModuleIds()].length,
    chunks_total: chunks.length,
    assets_total: output.length - chunks.length,
    chunks: largest(chunks.map((chunk) => describe(chunk, root)), LARGEST_CHUNKS, "bytes"),
  };
}

function tool(meta) {
  if (meta.viteVersion) return { tool: "vite", tool_version: meta.viteVersion };
  if (meta.rolldownVersion) return { tool: "rolldown", tool_version: meta.rolldownVersion };
  return { tool: "rollup", tool_version: meta.rollupVersion };
}

function describe(chunk, root) {
  const modules = Object.entries(chunk.modules).map(([id, module]) => ({
    module: shown(id, root),
    rendered_characters: module.renderedLength,
  }));
  return {
    file: chunk.fileName,
    bytes: Buffer.byteLength(chunk.code),
    is_entry: chunk.isEntry,
    modules_total: modules.length,
    rendered_characters: modules.reduce((sum, each) => sum + each.rendered_characters, 0),
    modules: largest(modules, LARGEST_MODULES, "rendered_characters"),
  };
}

// Virtual modules (`\0name`) are without the character that no terminal shows; those that are not
// made of a file keep their name.
function shown(id, root) {
  const bare = id.startsWith("\0") ? id.slice(1) : id;
  const [path, ...query] = bare.split("?");
  if (bare !== id && !isAbsolute(path)) return bare;
  const below = relative(root, path).split(sep).join("/") || ".";
  return [below, ...query].join("?");
}

function largest(list, count, by) {
  return list.sort((a, b) => b[by] - a[by]).slice(0, count);
}

function phases(marks) {
  const between = (from, to) => Number(marks[to] - marks[from]) / 1e9;
  return {
    modules: between("start", "parsed"),
    render: between("rendering", "rendered"),
    write: between("rendered", "written"),
  };
}

function append(file, event) {
  appendFileSync(file, JSON.stringify(event) + "\n");
}

function quietly(work) {
  try {
    work();
  } catch {
    // what cannot be told must not fail a build
  }
}
