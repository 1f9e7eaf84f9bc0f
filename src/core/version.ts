/** The version of this package, as its package.json says. */
import { readFileSync } from 'node:fs';

/** `src/core` and `dist/core` lie equally deep under the package's root. */
export const version: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
