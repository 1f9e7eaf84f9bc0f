/**
 * Takes the pictures of the documentation, `docs/images/studio-*.png`: the Studio on the film club that `deeptaste demo --serve` serves.
 * Needs a build (`npm run build`) and a Chromium.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { Client } from '../src/client/index.ts';
import { RandomStream } from '../src/core/random.ts';
import { openBrowser, openPage, serve, serveDemo, settled, type View } from './studio-browser.ts';

interface Picture extends View {
  readonly name: string;
  readonly address: string;
  /** Heading of the part that is shown; absent = the page from its beginning. */
  readonly part?: string;
  /** Of the server with scenarios and a folder for runs, instead of the demo. */
  readonly isWork?: true;
  /** What is done on the page before. */
  readonly work?: (page: Page) => Promise<void>;
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
  { name: 'data', address: '#/data', isWork: true, work: trainOnTable, width: 1100, height: 1000 },
  { name: 'operate', address: '#/operate', isWork: true, work: lookAtTraffic, width: 1100, height: 1000 },
];
/** Bytes: they are part of the package. */
const MOST = 200_000;

const out = fileURLToPath(new URL('../docs/images/', import.meta.url));
mkdirSync(out, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'deeptaste-pictures-'));
const [demo, browser] = await Promise.all([serveDemo(folder), openBrowser()]);
writeFileSync(
  join(folder, 'settings.yaml'),
  'scenarios: { home: { variants: [{ name: mixed, share: 0.5, providers: [{ from: model, weight: 3 }, { from: content }] }] } }\n',
);
const flags = ['--settings', 'settings.yaml', '--runs', 'trained', '--store', 'work.db'];
const work = await serve(folder, 'serve', 'club/bpr-mf', 'club/ease', ...flags);
try {
  for (const picture of pictures) await take(picture);
} finally {
  await browser.close();
  await demo.stop();
  await work.stop();
  rmSync(folder, { recursive: true });
}

async function take({ name, address, part, isWork, work: workOn, ...view }: Picture): Promise<void> {
  const { page } = await openPage(browser, { width: 1200, ...view });
  await page.goto(`${isWork ? work.url : demo.url}/${address}`);
  await settled(page);
  await workOn?.(page);
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

/** A shop with two kinds of customers. */
async function trainOnTable(page: Page): Promise<void> {
  const random = numbers(1, 20_000);
  const rows = ['customer,product,bought_at,rating'];
  for (let customer = 0; customer < 300; customer++)
    for (let n = 0; n < 4 + 40 * random[customer] ** 3; n++) {
      const chance = random[1000 + customer * 44 + n];
      const product = (customer % 2) * 60 + Math.floor(120 * chance ** 2);
      const day = Math.floor(700 * Math.sqrt(random[15_000 + ((customer * 31 + n) % 5000)]));
      const time = new Date(Date.UTC(2024, 0, 1) + day * 86_400_000).toISOString().slice(0, 10);
      rows.push(`c${customer},p${product},${time},${1 + Math.floor(5 * Math.sqrt(chance))}`);
    }
  await page
    .locator('#table')
    .setInputFiles({ name: 'shop.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) });
  await page.waitForSelector('.histograms svg');
  await settled(page);
}

/** People who ask, some of whom follow a list. */
async function lookAtTraffic(page: Page): Promise<void> {
  const client = new Client(work.url, { timeout: 60_000 });
  const { users } = await client.users({ limit: 200 });
  const random = numbers(2, 600);
  for (const [n, { id }] of users.entries()) {
    const { variant, items, recommendationId } = await client.recommend({ user: id, k: 5, scenario: 'home' });
    const follows = random[n] < (variant === null ? 0.2 : 0.4);
    if (follows)
      await client.feedback([
        { type: random[200 + n] < 0.7 ? 'view' : 'click', user: id, item: items[0].id, recommendationId },
      ]);
    if (random[400 + n] < 0.3) await client.recommend({ user: `visitor ${n}`, k: 5 });
  }
  await page.reload();
  await settled(page);
}

/** Uniform numbers, the same each time. */
function numbers(seed: number, n: number): readonly number[] {
  const stream = new RandomStream(seed, 'pictures');
  return Array.from({ length: n }, () => stream.uniform());
}
