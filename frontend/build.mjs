// Bundles the script of each page into the package that puts it there, under the licences of what
// is in it. Run by `npm run build`, and by hatch_build.py when a wheel is built.
import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";

const PAGES = {
  "src/bundle.ts": { target: "../buildopt/report/assets/bundle.js" },
  "src/dashboard.ts": { target: "../monitor_plugins/dashboard/built/dashboard.js" },
  // Goes into pages of others: as small as it can be, its licences beside it.
  "src/vitals.ts": { target: "../monitor_plugins/web/built/vitals.js", isSmall: true },
};

for (const [entry, { target, isSmall = false }] of Object.entries(PAGES)) {
  const made = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    outfile: target,
    metafile: true,
    format: "iife",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    minifyWhitespace: true, // names stay: whoever reads the page can
    minifyIdentifiers: isSmall,
    minifySyntax: isSmall,
    logLevel: "warning",
  });
  const texts = await licences(made.metafile);
  await mkdir(dirname(target), { recursive: true });
  if (isSmall) await writeFile(`${target}.LICENSE.txt`, texts);
  const heading = isSmall ? `/*! licences: ${basename(target)}.LICENSE.txt */\n` : texts;
  for (const file of made.outputFiles) {
    const text = heading + file.text;
    if (/<\/script|<!--/i.test(text)) throw new Error(`${entry} could not stand in a page`);
    await writeFile(file.path, text);
  }
}

async function licences(metafile) {
  const inputs = Object.keys(metafile.inputs).map((path) => path.split("node_modules/"));
  const packages = new Set(
    inputs.filter((parts) => parts.length > 1).map((parts) => nameOf(parts.at(-1))),
  );
  const texts = [...packages].sort().map(async (name) => {
    const { version } = JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8"));
    const licence = await readFile(`node_modules/${name}/LICENSE`, "utf8");
    return `/*! ${name} ${version}\n\n${licence.trim().replaceAll("*/", "* /")}\n*/\n`;
  });
  return (await Promise.all(texts)).join("");
}

function nameOf(path) {
  return path.split("/", path.startsWith("@") ? 2 : 1).join("/");
}
