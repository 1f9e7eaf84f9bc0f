/** The pages Data and Operate in a browser: a table is dropped, trained on and served; traffic, variants and keys are what the API says. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, type Opened, openBrowser, openPage, settled, type View } from '../../scripts/studio-browser.ts';
import { Client } from '../../src/client/index.ts';
import { filmsCsv, workplace } from '../cli/command-line.ts';
import { type RunningServer, startServer } from '../serving/running-server.ts';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const place = workplace();
const why = browserPath === null ? ' (skipped: no Chromium here; DEEPTASTE_CHROMIUM may name one)' : '';
const LONG = 600_000;

const settings = `
scenarios:
  home: { variants: [{ name: content, share: 0.5, providers: [{ from: content }] }] }
`;

describe.skipIf(browserPath === null)(`Data and Operate in a browser${why}`, () => {
  let server: RunningServer;
  let browser: Browser;
  let client: Client;
  const opened: Opened[] = [];

  beforeAll(async () => {
    place.write('films.csv', filmsCsv());
    place.write('settings.yaml', settings);
    const { code, stderr } = await place.run([
      'train',
      '--data',
      'films.csv',
      '--model',
      'popularity',
      '--out',
      'run',
      '--quiet',
    ]);
    expect(code, stderr).toBe(0);
    const flags = ['--store', 'pages.db', '--settings', 'settings.yaml', '--runs', 'made'];
    [server, browser] = await Promise.all([startServer(place, 'run', ...flags), openBrowser()]);
    client = new Client(server.url, { timeout: 60_000 });
  }, LONG);
  afterEach(async () => {
    for (const { page, complaints, asked } of opened.splice(0)) {
      await page.context().close();
      expect(complaints).toEqual([]);
      expect(asked.filter((url) => !url.startsWith(server.url))).toEqual([]);
    }
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  async function open(address: string, view?: View): Promise<Page> {
    const one = await openPage(browser, view);
    opened.push(one);
    await one.page.goto(`${server.url}/${address}`);
    await settled(one.page);
    return one.page;
  }

  const table = { name: 'films.csv', mimeType: 'text/csv', buffer: Buffer.from(filmsCsv()) };

  it(
    'looks at a table, trains on it and serves what comes out',
    async () => {
      const page = await open('#/data');
      await page
        .locator('#table')
        .setInputFiles({ ...table, name: 'junk.csv', buffer: Buffer.from([0, 1, 2, 255, 0]) });
      await page.waitForSelector('text=junk.csv: ');
      await page.locator('#table').setInputFiles(table);
      await page.waitForSelector('.histograms');
      const { uploads } = await client.uploads();
      const { data } = await client.readUpload(uploads[uploads.length - 1].id, {});
      const counts = await page.locator('.counts').first().locator('dd').allTextContents();
      expect(counts.slice(0, 3)).toEqual([data?.nInteractions, data?.nUsers, data?.nItems].map(String));
      const roles = await page
        .locator('.role select')
        .evaluateAll((all) => all.map((each) => (each as HTMLSelectElement).value));
      expect(roles).toEqual(['user', 'item', 'time', 'title']);
      await page.getByLabel('Role of time').selectOption('');
      await page.waitForFunction(() => document.querySelectorAll('.counts')[0].children.length === 5);

      await page.getByText('How the table is read').click();
      await page.getByLabel('kCore').fill('-1');
      await page.getByRole('button', { name: 'Read it so' }).click();
      await page.waitForSelector('.problem:has-text("kCore")');
      await page.getByLabel('kCore').fill('8');
      await page.getByRole('button', { name: 'Read it so' }).click();
      await page.waitForSelector('.problem:has-text("kCore")', { state: 'detached' });

      await page.getByLabel('factors').fill('0');
      await page.getByRole('button', { name: 'Train', exact: true }).click();
      const wrong = await client
        .train({ name: 'x', model: 'mf', upload: uploads[uploads.length - 1].id, config: { factors: 0 } })
        .catch(({ message }) => message);
      expect(await page.waitForSelector('form .problem').then((problem) => problem.textContent())).toBe(wrong);
      await page.getByLabel('factors').fill('8');
      await page.getByLabel('epochs', { exact: true }).fill('3');
      await page.getByRole('button', { name: 'Train', exact: true }).click();
      const card = page.getByRole('article', { name: 'Training films-mf' });
      await card.getByText('done', { exact: true }).waitFor();
      const [job] = (await client.jobs()).jobs;
      expect(job).toMatchObject({ name: 'films-mf', state: 'done' });
      // it was read as the page showed it
      const { data: read } = JSON.parse(readFileSync(place.path('made/films-mf/settings.json'), 'utf8'));
      expect(read).toMatchObject({
        kCore: { user: 8, item: 8 },
        columns: { user: 'user', item: 'item', title: 'title', time: null },
      });
      const metrics = Object.values((job.result as unknown as Finished).result.metrics);
      const shown = await card.locator('.counts dd').allTextContents();
      expect(shown.map((text) => text.split(' ')[0])).toEqual(metrics.map(({ mean }) => mean.toFixed(4)));
      await card.getByRole('button', { name: 'Serve it' }).click();
      await card.getByText('is served').waitFor();
      expect((await client.models()).models.map(({ name }) => name)).toEqual(['run', 'films-mf']);
      // the next one gets another name, and is cancelled
      await page.getByLabel('epochs', { exact: true }).fill('100000');
      await page.getByLabel('patience').fill('0');
      await page.getByRole('button', { name: 'Train', exact: true }).click();
      const long = page.getByRole('article', { name: 'Training films-mf-2' });
      await long.locator('progress').waitFor();
      await long.getByRole('button', { name: 'Cancel' }).click();
      await long.getByText('cancelled', { exact: true }).waitFor();
      expect((await client.runs()).runs.map(({ name }) => name)).toEqual(['films-mf']);
    },
    LONG,
  );

  it(
    'shows traffic, feedback and variants as the API has them',
    async () => {
      for (let n = 0; n < 30; n++) {
        const { items, recommendationId } = await client.recommend({ user: `u${n}`, k: 2, scenario: 'home' });
        if (n % 3 === 0 && items.length > 0)
          await client.feedback([{ type: 'click', user: `u${n}`, item: items[0].id, recommendationId }]);
      }
      const page = await open('#/operate');
      const { routes } = await client.traffic();
      const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name} `) }).first();
      for (const route of ['recommend', 'feedback']) {
        const cells = await row(route).locator('td').allTextContents();
        expect(cells[0]).toBe(String(routes.find((each) => each.route === route)?.requests));
      }
      const [home] = (await client.experiments()).scenarios;
      for (const { variant, lists, people, followers } of home.variants) {
        const cells = await row(variant ?? 'without a variant')
          .locator('td')
          .allTextContents();
        expect(cells.slice(0, 3)).toEqual([lists, people, followers].map(String));
      }
      expect(await page.getByText('10 events in this time, 10 in the store.').count()).toBe(1);
      await page.getByRole('button', { name: 'Load anew' }).click();
      await page.getByText('Loaded.').waitFor();
    },
    LONG,
  );

  it.each([
    ['dark', 1280],
    ['light', 360],
  ] as const)(
    'has no serious faults in %s at %i px, and never scrolls sideways',
    async (theme, width) => {
      for (const address of ['#/data', '#/operate']) {
        const page = await open(address, { theme, width });
        if (address === '#/data') {
          await page.locator('#table').setInputFiles(table);
          await page.waitForSelector('.histograms');
          await settled(page);
        }
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
        expect(JSON.stringify(serious), address).toEqual('[]');
        const [content, shown] = await page.evaluate(() => [
          document.documentElement.scrollWidth,
          document.documentElement.clientWidth,
        ]);
        expect(content, address).toBeLessThanOrEqual(shown);
      }
    },
    LONG,
  );

  it(
    'makes the first key, shows it once, and goes on with it',
    async () => {
      const page = await open('#/operate');
      await page.getByLabel('Whose it is').fill('me');
      await page.getByRole('button', { name: 'Make a key' }).click();
      const key = (await page.locator('.fresh code').textContent()) as string;
      expect(key).toMatch(/^dt_/);
      await expect.poll(async () => (await fetch(`${server.url}/keys`)).status, { timeout: 15_000 }).toBe(401);
      const { keys } = await new Client(server.url, { key }).keys();
      expect(keys.map(({ name, access }) => [name, access])).toEqual([['me', 'admin']]);
      await page.reload();
      await page.getByRole('row', { name: /^me admin/ }).waitFor();
      expect(await page.getByText(key).count()).toBe(0);
    },
    LONG,
  );
});

interface Finished {
  readonly result: { readonly metrics: Readonly<Record<string, { readonly mean: number }>> };
}

interface Found {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}
