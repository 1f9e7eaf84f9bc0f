/** The Studio in a browser, on the film club that `deeptaste demo --serve` serves: what it shows against what the API answers. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  browserPath,
  type Opened,
  openBrowser,
  openPage,
  type ServedStudio,
  serveDemo,
  settled,
  type View,
} from '../../scripts/studio-browser.ts';
import { Client } from '../../src/client/index.ts';
import { keepTuning } from '../../src/runs/run-record.ts';
import { mainFile, workplace } from '../cli/command-line.ts';
import { madeStudy } from '../serving/made-study.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const place = workplace();
const why = browserPath === null ? ' (skipped: no Chromium here; DEEPTASTE_CHROMIUM may name one)' : '';

describe.skipIf(browserPath === null)(`the Studio in a browser${why}`, () => {
  let demo: ServedStudio;
  let browser: Browser;
  let client: Client;
  const opened: Opened[] = [];

  beforeAll(async () => {
    [demo, browser] = await Promise.all([serveDemo(place.folder), openBrowser()]);
    client = new Client(demo.url);
  }, 300_000);
  afterEach(async () => {
    for (const { page, complaints, asked } of opened.splice(0)) {
      await page.context().close();
      expect(complaints).toEqual([]);
      expect(asked.filter((url) => !url.startsWith(demo.url))).toEqual([]);
    }
  });
  afterAll(async () => {
    await browser?.close();
    await demo?.stop();
  });

  async function open(address: string, view?: View): Promise<Page> {
    const one = await openPage(browser, view);
    opened.push(one);
    await one.page.goto(`${demo.url}/${address}`);
    await settled(one.page);
    return one.page;
  }

  const titles = (page: Page, list = 0) => page.locator('.list').nth(list).locator('.title').allTextContents();
  const answered = async (request: Parameters<Client['recommend']>[0]) =>
    (await client.recommend({ ...request, trial: true })).items;
  const titlesOf = (items: readonly { readonly title: string }[]) => items.map(({ title }) => title);

  it('opens on somebody, and shows what the API answers: titles, reasons, scores, routes', async () => {
    const page = await open('');
    const [first] = (await client.users({ limit: 1 })).users;
    expect(await page.locator('.about h2').textContent()).toBe(first.id);
    const items = await answered({ user: first.id });
    expect(await titles(page)).toEqual(titlesOf(items));
    expect(await page.locator('.list .badge').allTextContents()).toEqual(items.map(({ route }) => route));
    expect(await page.locator('.list .because').first().textContent()).toBe(
      `because of ${titlesOf(items[0].because).join(' · ')}`,
    );
    const scores = (await page.locator('.list .score').allTextContents()).map(Number);
    scores.forEach((score, n) => void expect(score).toBeCloseTo(items[n].score, 1));
    // the longest that there are have room, too
    const widths = await page
      .locator('.list .score')
      .first()
      .evaluate((element) => {
        element.textContent = '−0.00568';
        return [element.scrollWidth, element.clientWidth];
      });
    expect(widths[0]).toBeLessThanOrEqual(widths[1]);
  });

  it('finds people by id, and by the title of what they took', async () => {
    const page = await open('#/try');
    await page.getByLabel('Find somebody').fill('m1114');
    await page.getByRole('button', { name: 'm1114' }).click();
    await settled(page);
    expect(await titles(page)).toEqual(titlesOf(await answered({ user: 'm1114' })));
    expect(page.url()).toContain('user=m1114');

    const [film] = (await client.items({ search: 'Sparkling Kite' })).items;
    await page.getByLabel('Find somebody').fill('sparkling kite');
    await page.getByRole('button', { name: film.title }).click();
    await settled(page);
    const takers = (await client.users({ item: film.id, limit: 12 })).users.map(({ id }) => id);
    expect(await page.locator('.chips button').allTextContents()).toEqual(takers);
    await page.getByRole('button', { name: takers[1] }).click();
    await settled(page);
    expect(await page.locator('.about h2').textContent()).toBe(takers[1]);
    const more = page.getByRole('button', { name: /^Show all/ });
    if (await more.isVisible()) await more.click();
    expect(await page.locator('.history li').allTextContents()).toContain(film.title);
  });

  it('keeps to a condition, and tells what is wrong with one in the words of the server', async () => {
    const page = await open('#/try?user=m1114');
    await page.getByLabel('Only where').fill('genre = Comedy');
    await settled(page);
    const error = await answered({ user: 'm1114', where: 'genre = Comedy' }).catch(({ message }) => message);
    expect(await page.locator('#where-problem').textContent()).toBe(error);
    expect(await page.getByLabel('Only where').getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Only where').fill('genres = Comedy and year >= 1990');
    await settled(page);
    expect(await page.locator('#where-problem').textContent()).toBe('');
    expect(await titles(page)).toEqual(
      titlesOf(await answered({ user: 'm1114', where: 'genres = Comedy and year >= 1990' })),
    );
  });

  it('is used by keyboard alone: number of items, diversity, exploration', async () => {
    const page = await open('#/try?user=m1114');
    await page.getByLabel('Items', { exact: true }).focus();
    for (let n = 0; n < 3; n++) await page.keyboard.press('ArrowLeft');
    await page.getByLabel('Diversity').focus();
    await page.keyboard.press('End');
    await settled(page);
    expect(await titles(page)).toEqual(titlesOf(await answered({ user: 'm1114', k: 7, diversity: 1 })));
    await page.keyboard.press('Home');
    await page.getByLabel('Exploration').selectOption('epsilon');
    await settled(page);
    const drawn = await page.locator('.drawn').allTextContents();
    expect(drawn).toHaveLength(7);
    // ε = 0.2 among 50: the best one has 0.8 + 0.2 / 50, another one 0.2 / 50 or more, as fewer are left
    for (const text of drawn) expect(text).toMatch(/^p = (80\.[4-9]|0\.[4-9])\s%$/);
    const before = await titles(page);
    let isOther = false;
    for (let n = 0; n < 10 && !isOther; n++) {
      await page.getByRole('button', { name: 'Draw again' }).click();
      await settled(page);
      isOther = JSON.stringify(await titles(page)) !== JSON.stringify(before);
    }
    expect(isOther).toBe(true);
  });

  it('builds a history by clicks', async () => {
    const page = await open('#/try');
    await page.getByRole('button', { name: 'A history' }).click();
    for (const text of ['Adelina and the Corridor', 'My Runaway Umbrella']) {
      await page.getByRole('searchbox').fill(text);
      await page.getByRole('button', { name: text }).click();
      await settled(page);
    }
    const history = ['f0893', 'f0798'];
    expect(await titles(page)).toEqual(titlesOf(await answered({ history })));
    await page.getByRole('button', { name: /^Remove Adelina/ }).click();
    await settled(page);
    expect(await titles(page)).toEqual(titlesOf(await answered({ history: ['f0798'] })));
    await page.getByRole('button', { name: 'A person' }).click();
    await settled(page);
    expect(await page.locator('.about h2').count()).toBe(1);
  });

  it('shows another model beside it, what moved, and the places of both', async () => {
    const page = await open('#/try?user=m1114');
    await page.getByLabel('Beside it').selectOption('ease');
    await settled(page);
    const [own, theirs] = await Promise.all([
      answered({ user: 'm1114', model: 'bpr-mf', k: 100 }),
      answered({ user: 'm1114', model: 'ease', k: 100 }),
    ]);
    expect(await titles(page, 0)).toEqual(titlesOf(own.slice(0, 10)));
    expect(await titles(page, 1)).toEqual(titlesOf(theirs.slice(0, 10)));
    const moves = await page.locator('.list').nth(1).locator('.move').allTextContents();
    const expected = theirs.slice(0, 10).map(({ id }, place) => {
      const before = own.slice(0, 10).findIndex((each) => each.id === id);
      if (before < 0) return 'new';
      return before === place ? '=' : before > place ? `▲ ${before - place}` : `▼ ${place - before}`;
    });
    expect(moves).toEqual(expected);
    for (const row of await page.locator('.moves tbody tr').all()) {
      const [title, from, to] = [row.locator('th'), row.locator('td').nth(0), row.locator('td').nth(1)];
      const placeIn = async (items: typeof own) => {
        const name = await title.textContent();
        const at = items.findIndex((item) => item.title === name);
        return at < 0 ? '> 100' : String(at + 1);
      };
      expect([await from.textContent(), await to.textContent()]).toEqual([await placeIn(own), await placeIn(theirs)]);
    }
  });

  it('tries without being counted', async () => {
    const lists = async () => {
      const text = await (await fetch(`${demo.url}/metrics`)).text();
      return text.split('\n').filter((line) => line.startsWith('deeptaste_lists_total'));
    };
    const before = await lists();
    await open('#/try?user=m0426&other=ease');
    expect(await lists()).toEqual(before);
  });

  it('shows the leaderboard as the API compares, by any metric', async () => {
    const page = await open('#/look');
    await page.waitForSelector('.plot');
    const compared = await client.compare({ metric: 'recall@20' });
    await page.getByLabel('Metric', { exact: true }).selectOption('recall@20');
    await settled(page);
    const rows = page.locator('.look > .card').first().locator('tbody tr');
    expect(await rows.count()).toBe(2);
    const means = await rows.locator('strong').allTextContents();
    expect(means).toEqual(compared.rows.map(({ mean }) => (mean as number).toFixed(4)));
    const { difference } = compared.rows[1];
    expect(await rows.nth(1).locator('td').last().textContent()).toContain(Math.abs(difference?.mean ?? 0).toFixed(4));
    await page.getByLabel('EASE', { exact: true }).uncheck();
    await settled(page);
    expect(await rows.count()).toBe(1);
  });

  it('shows exposure, learning curves and the map', async () => {
    const page = await open('#/look');
    await page.waitForSelector('text=Items ever shown');
    const [bpr, ease] = await Promise.all(
      ['bpr-mf', 'ease'].map((name) => client.exposure(name, { k: 10, users: 300 })),
    );
    const card = page.locator('section', { has: page.getByRole('heading', { name: 'Popularity and exposure' }) });
    const cells = await card.locator('tbody td:nth-child(3)').allTextContents();
    expect(cells).toEqual([bpr, ease].map(({ gini }) => (gini as number).toFixed(3)));
    const { epochs } = await client.measures('bpr-mf');
    const curve = page.getByRole('img', { name: /^Loss of training/ });
    expect(await curve.locator('circle').count()).toBe(epochs.length);
    const map = await client.map('bpr-mf', { color: 'genres' });
    await page.waitForSelector('[aria-label^="Map of"] circle');
    expect(await page.locator('[aria-label^="Map of"] circle').count()).toBe(map.points.length);
    await page.getByLabel('Coloured by', { exact: true }).selectOption('year');
    await settled(page);
    expect(page.url()).toContain('color=year');
    await page.locator('#map').selectOption('ease');
    await settled(page);
    expect(await page.getByText('EASE has no vectors of items').count()).toBe(1);
  });

  it('names the model whose map is refused where no served one has vectors', async () => {
    const { page } = await openPage(browser);
    const error = { code: 'usage', message: 'embeddings: EASE has no vectors of items', requestId: 'r' };
    await page.route('**/map?*', (route) => route.fulfill({ status: 400, json: { error } }));
    await page.goto(`${demo.url}/#/look`);
    await page.getByText(error.message).waitFor();
    const { models } = await client.models();
    expect(await page.locator('#map').inputValue()).toBe(models[0].name);
    await page.context().close();
  });

  it('lays the map out by neighbours, and shows what a study of negatives keeps', async () => {
    const study = [
      'negatives',
      'club/bpr-mf',
      '--samplers',
      'uniform,dns',
      '--epochs',
      '2',
      '--steps',
      '4',
      '--save',
      '--quiet',
    ];
    execFileSync(process.execPath, [mainFile, ...study], { cwd: place.folder, stdio: 'ignore' });
    await client.reload();
    const { negatives } = await client.measures('bpr-mf');
    const page = await open('#/look?map=bpr-mf&layout=neighbours');
    await page.waitForSelector('text=What negatives taught');
    const table = page.getByLabel('Negatives by sampler').locator('tbody');
    expect(await table.locator('th').allTextContents()).toEqual(['uniform', 'dns']);
    expect(await table.locator('td:last-child').allTextContents()).toEqual(
      negatives?.samplers.map(({ metric }) => metric?.toFixed(4)),
    );
    await page.waitForSelector('[aria-label^="Map of"] circle', { timeout: 60_000 });
    expect(await page.getByText('distances over the plane say little').count()).toBe(1);
  }, 180_000);

  it('shows the study that chose a run: verdict, best so far, trials, what mattered', async () => {
    await keepTuning(place.path('club', 'ease'), madeStudy);
    await client.reload();
    const page = await open('#/look');
    await page.waitForSelector('text=The search that chose');
    expect(await page.locator('.verdict').allTextContents()).toEqual(madeStudy.worthIt);
    const table = page.getByLabel('Trials of the search').locator('tbody');
    expect(await table.locator('th').allTextContents()).toEqual(['4 (chosen)', '1', '2', '3']);
    expect(await table.locator('td:nth-child(3)').allTextContents()).toEqual(['0.0931', '0.0810', '0.0500', '–']);
    expect(await table.locator('td:last-child').allTextContents()).toEqual([
      'regularization 312',
      'as it is',
      'as it is, a baseline',
      'the loss is not finite',
    ]);
    await page.waitForSelector('[aria-label^="Best ndcg@10 so far"] circle');
    expect(await page.getByLabel('Importance of options of ease').textContent()).toContain('regularization 100');
    expect(await page.getByText('0.0902 to be expected on others').count()).toBe(1);
  });

  it.each([
    ['dark', 1280],
    ['light', 360],
  ] as const)(
    'has no serious faults for those who cannot see, in %s at %i px, and never scrolls sideways',
    async (theme, width) => {
      for (const address of ['#/try?user=m1114&other=ease&where=x', '#/try?history=f0893&explore=epsilon', '#/look']) {
        const page = await open(address, { theme, width });
        if (address === '#/look') await page.waitForSelector('text=Items ever shown');
        await page.evaluate(axe);
        const violations = await page.evaluate(async () => {
          const found = await (globalThis as unknown as { axe: { run(): Promise<Found> } }).axe.run();
          return found.violations.map(({ id, impact, nodes }) => ({
            id,
            impact,
            nodes: nodes.map(({ html }) => html),
          }));
        });
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
        expect(serious, address).toEqual([]);
        const [content, shown] = await page.evaluate(() => [
          document.documentElement.scrollWidth,
          document.documentElement.clientWidth,
        ]);
        expect(content, address).toBeLessThanOrEqual(shown);
      }
    },
  );

  it('follows the system in light and dark, until somebody chooses', async () => {
    const ground = (page: Page) => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const light = await open('#/try');
    const dark = await open('#/try', { theme: 'dark' });
    expect(await ground(light)).not.toBe(await ground(dark));
    await light.getByLabel('Colours').selectOption('dark');
    expect(await ground(light)).toBe(await ground(dark));
    await light.reload();
    await settled(light);
    expect(await ground(light)).toBe(await ground(dark));
  });

  it('asks for a key where the server does, and keeps it for the tab alone', async () => {
    const store = place.path('club', 'feedback.db');
    const key = execFileSync(process.execPath, [mainFile, 'keys', 'add', '--access', 'read', '--store', store], {
      encoding: 'utf8',
    }).match(/dt_\S+/)?.[0] as string;
    await expect
      .poll(async () => (await fetch(`${demo.url}/models`)).status, { timeout: 15_000, interval: 500 })
      .toBe(401);
    const page = await open('#/look');
    await page.getByLabel('Key').fill('dt_wrong');
    await page.getByRole('button', { name: 'Open' }).click();
    await settled(page);
    await page.getByLabel('Key').fill(key);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.waitForSelector('text=Leaderboard');
    expect(await page.evaluate(() => [...Object.values(localStorage)])).not.toContain(key);
    await page.reload();
    await page.waitForSelector('text=Leaderboard');
    const other = await open('#/look');
    expect(await other.getByLabel('Key').count()).toBe(1);
  });
});

interface Found {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}
