/** The Studio is built into the package: one page, relative addresses, no source of anything from elsewhere. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const inRoot = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: inRoot('.'),
  base: './',
  resolve: { alias: { 'deeptaste/client': inRoot('../src/client/index.ts') } },
  build: {
    outDir: inRoot('../dist/studio'),
    emptyOutDir: true,
    target: 'es2022',
    // fonts and pictures stay files: the policy of the page allows no data: addresses
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
    chunkSizeWarningLimit: 1000,
  },
});
