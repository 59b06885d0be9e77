import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { filesThatStandAlone } from "./vite.alone.ts";

export default defineConfig({
  base: "./",
  plugins: [filesThatStandAlone()],
  build: {
    outDir: "../src/bathyscope/workbench/page",
    emptyOutDir: true,
    // The page must work under `script-src 'self'`: nothing inlined, no polyfill script in the document.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    // A view that the first page can do without is a file of its own; reports and notebooks carry it inside theirs.
    rolldownOptions: { output: { chunkFileNames: "assets/view.[name]-[hash].js" } },
  },
  // The chart library is a file of its own, with everything it needs inside: only who draws a free chart fetches it.
  worker: { format: "es" },
  server: { host: "127.0.0.1", proxy: { "/api": { target: "http://127.0.0.1:8000", ws: true } } },
  // Twice the cores, since tests of the page mostly wait for its timers. Those that take a second alone may wait longer.
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"], pool: "threads", isolate: false, maxWorkers: 2 * availableParallelism(), testTimeout: 20_000 },
});
