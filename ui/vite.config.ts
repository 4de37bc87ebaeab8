/** Build and unit-test configuration of the desk's user interface. */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/**
 * The page's security policy refuses style attributes in markup. Two bits-ui wrappers carry one; a class of ours
 * (`app.css`) says the same.
 */
function withoutStyleAttributes(): Plugin {
  return {
    name: "without-style-attributes",
    enforce: "pre",
    transform(code, id) {
      if (!/bits-ui.*\.svelte$/.test(id)) return null;
      return code.replaceAll('style="display: contents;"', 'class="display-contents"');
    },
  };
}

export default defineConfig(({ mode }) => ({
  base: "./",
  plugins: [withoutStyleAttributes(), svelte()],
  // In tests Svelte must resolve to its browser build, or mounting a component fails.
  ...(mode === "test" ? { resolve: { conditions: ["browser"] } } : {}),
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: ["es2022", "safari16"],
    // The page's security policy takes neither inline scripts nor data: addresses.
    assetsInlineLimit: 0,
    modulePreload: false,
    chunkSizeWarningLimit: 1500,
  },
  clearScreen: false,
  server: { port: 1420, strictPort: true },
  test: {
    // Style sheets are read as text by the test of their colours.
    css: { include: [/tokens\.css/] },
    environment: "jsdom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/test-setup.ts"],
    restoreMocks: true,
    // Generous: a loaded machine is slow, and a test that hangs is still ended.
    testTimeout: 30_000,
  },
}));
