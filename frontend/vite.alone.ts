/** The second build: what notebooks and reports are sent. Each file stands alone, for what comes as text can import nothing. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build, type InlineConfig, type Plugin } from "vite";

/** File in the page's folder → its entry. */
export const FILES = { "report.js": "src/report.ts", "notebook.js": "src/notebook/main.ts", "stub.js": "src/notebook/stub.ts" } as const;

/** What every notebook is sent with the first of its views, and what it stores. */
const PACKED = "notebook.js";

/** The code as a module that unpacks it: less than half as much to send, since nothing compresses what goes to a widget. */
function unpacking(code: string): string {
  return `const packed = "${gzipSync(code, { level: 9 }).toString("base64")}";
async function unpack() {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const code = await new Response(stream).text();
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    return (await import(address)).default;
  } finally {
    URL.revokeObjectURL(address);
  }
}
export { unpack as default };
`;
}

/** A file of its own that the page's build has already written is not written twice: the notebook is told its name. */
function writtenAlready(files: readonly string[]): Plugin {
  const OWN = /([^/]+)\?worker&url$/;
  return {
    name: "bathyscope-written-already",
    enforce: "pre",
    resolveId: (id) => (OWN.test(id) ? `\0page:${OWN.exec(id)?.[1] ?? ""}` : null),
    load(id) {
      if (!id.startsWith("\0page:")) return null;
      const name = id.slice("\0page:".length);
      const file = files.find((one) => one.startsWith(`assets/${name}-`));
      if (!file) throw new Error(`The page was built without a file for ${name}.`);
      return `export default ${JSON.stringify(file)}`;
    },
  };
}

function one(file: string, entry: string, outDir: string, pageFiles: readonly string[]): InlineConfig {
  return {
    configFile: false,
    plugins: [writtenAlready(pageFiles)],
    root: fileURLToPath(new URL(".", import.meta.url)),
    logLevel: "error",
    // What the page takes from its public folder has no place here.
    publicDir: false,
    build: {
      outDir,
      emptyOutDir: false,
      target: "es2022",
      minify: true,
      // Pictures and fonts, should a style ever name one, become part of the file.
      assetsInlineLimit: Number.MAX_SAFE_INTEGER,
      cssCodeSplit: false,
      lib: { entry: fileURLToPath(new URL(entry, import.meta.url)), formats: ["es"], fileName: () => file },
      rolldownOptions: { output: { codeSplitting: false, minify: true } },
    },
  };
}

/** Builds these files beside the page, whenever the page is built. */
export function filesThatStandAlone(): Plugin {
  let outDir = "";
  let pageFiles: readonly string[] = [];
  return {
    name: "bathyscope-alone",
    apply: "build",
    configResolved(config) {
      outDir = fileURLToPath(new URL(config.build.outDir, `file://${config.root}/`));
    },
    writeBundle(_options, bundle) {
      pageFiles = Object.keys(bundle);
    },
    async closeBundle() {
      for (const [file, entry] of Object.entries(FILES)) await build(one(file, entry, outDir, pageFiles));
      const packed = join(outDir, PACKED);
      writeFileSync(packed, unpacking(readFileSync(packed, "utf8")));
    },
  };
}
