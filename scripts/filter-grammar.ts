/** Writes `src/data/filters/grammar.ts`, the parser of conditions on fields, from `grammar.peggy` beside it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import peggy from 'peggy';

const folder = new URL('../src/data/filters/', import.meta.url);
export const parserFile = fileURLToPath(new URL('grammar.ts', folder));

/** The parser as it should be. */
export function filterParser(): string {
  const grammar = readFileSync(new URL('grammar.peggy', folder), 'utf8');
  const source = peggy.generate(grammar, { output: 'source', format: 'es' });
  return `// @ts-nocheck Made by \`node scripts/filter-grammar.ts\` from grammar.peggy; do not edit by hand.\n${source}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(parserFile, filterParser());
