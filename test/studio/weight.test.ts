/** How much the page weighs, and what it is made of. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { studioFiles } from '../../src/serving/http/studio-files.ts';

const files = studioFiles() ?? [];

it('is built, and weighs at most 300 kB, all pages and fonts together', () => {
  expect(files.map(({ path }) => path)).toContain('/');
  const weight = files.reduce((sum, { body, gzip }) => sum + (gzip ?? body).length, 0);
  expect(weight).toBeGreaterThan(50_000);
  expect(weight).toBeLessThan(300_000);
});

it('has neither scripts nor styles in its text, which the policy would not run', () => {
  const page = Buffer.from(files.find(({ path }) => path === '/')?.body ?? []).toString();
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=/);
  expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\//);
});

it('says whose work is in it', () => {
  const textOf = (name: string) => Buffer.from(files.find(({ path }) => path === name)?.body ?? []).toString();
  for (const name of ['preact', '@observablehq/plot', 'd3-scale']) expect(textOf('/licenses.md')).toContain(name);
  expect(textOf('/licenses-font.md')).toContain('SIL OPEN FONT LICENSE');
});

it('says every name of a colour for light and for dark', () => {
  const tokens = readFileSync(new URL('../../studio/style/tokens.css', import.meta.url), 'utf8');
  const colors = [...tokens.matchAll(/^\s*--[\w-]+:\s*(#|rgb)/gm)];
  expect(colors).toEqual([]);
  expect(tokens.match(/light-dark\(#\w+, #\w+\)/g)?.length).toBeGreaterThan(20);
});
