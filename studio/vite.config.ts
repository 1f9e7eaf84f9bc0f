/** The Studio is built into the package: one page, relative addresses, no source of anything from elsewhere. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const inRoot = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Licences of scripts are gathered by Vite, that of the font is not. */
const fontLicense: Plugin = {
  name: 'font-license',
  generateBundle() {
    const source = readFileSync(inRoot('../node_modules/@fontsource-variable/inter/LICENSE'), 'utf8');
    this.emitFile({ type: 'asset', fileName: 'licenses-font.md', source });
  },
};

export default defineConfig({
  root: inRoot('.'),
  base: './',
  plugins: [fontLicense],
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
