/**
 * Takes the pictures of the documentation, `docs/images/studio-*.png`: the Studio on the film club that `deeptaste demo --serve` serves.
 * Needs a build (`npm run build`) and a Chromium.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { openBrowser, openPage, serveDemo, settled, type View } from './studio-browser.ts';

interface Picture extends View {
  readonly name: string;
  readonly address: string;
  /** Heading of the part that is shown; absent = the page from its beginning. */
  readonly part?: string;
}

const pictures: readonly Picture[] = [
  { name: 'try', address: '#/try?user=m1114&other=ease', width: 1320, height: 880 },
  {
    name: 'history',
    address: '#/try?history=f0893,f0503&where=genres%20%3D%20Comedy&explore=boltzmann',
    theme: 'dark',
    width: 1320,
    height: 800,
  },
  { name: 'look', address: '#/look?metric=recall%4020', height: 900 },
  { name: 'exposure', address: '#/look', part: 'Learning curves', height: 700 },
  { name: 'map', address: '#/look', part: 'Map of the items', width: 1040, height: 700 },
];
/** Bytes: they are part of the package. */
const MOST = 200_000;

const out = fileURLToPath(new URL('../docs/images/', import.meta.url));
mkdirSync(out, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'deeptaste-pictures-'));
const [demo, browser] = await Promise.all([serveDemo(folder), openBrowser()]);
try {
  for (const picture of pictures) await take(picture);
} finally {
  await browser.close();
  await demo.stop();
  rmSync(folder, { recursive: true });
}

async function take({ name, address, part, ...view }: Picture): Promise<void> {
  const { page } = await openPage(browser, { width: 1200, ...view });
  await page.goto(`${demo.url}/${address}`);
  await settled(page);
  if (part !== undefined) await scrollToPart(page, part);
  const path = join(out, `studio-${name}.png`);
  await page.screenshot({ path });
  await page.context().close();
  const { size } = statSync(path);
  console.log(`${path}: ${size} bytes`);
  if (size > MOST) throw new Error(`${path}: must have at most ${MOST} bytes, found ${size}; make it smaller`);
}

async function scrollToPart(page: Page, heading: string): Promise<void> {
  const place = await page.getByRole('heading', { name: heading }).boundingBox();
  await page.evaluate((top) => scrollTo(0, top), (place?.y ?? 0) - 40);
  await settled(page);
}
