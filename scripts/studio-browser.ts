/** The Chromium of this machine, and the film club served with the Studio, for tests and pictures. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

/** The machine may be busy with other tests. */
const LONGEST_MS = 120_000;
const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];

/** Null where there is none; DEEPTASTE_CHROMIUM names one that stands elsewhere. */
export const browserPath: string | null =
  [process.env.DEEPTASTE_CHROMIUM, ...places].find((path) => path !== undefined && existsSync(path)) ?? null;

/** @throws where there is no browser */
export async function openBrowser(): Promise<Browser> {
  if (browserPath === null) throw new Error('no Chromium here; DEEPTASTE_CHROMIUM may name one');
  return chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
}

export interface Opened {
  readonly page: Page;
  /** What the browser complained of: errors of scripts, of the policy, of addresses elsewhere. */
  readonly complaints: string[];
  /** Addresses that were asked for. */
  readonly asked: string[];
}

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: 'light' | 'dark';
}

export async function openPage(
  browser: Browser,
  { width = 1280, height = 900, theme = 'light' }: View = {},
): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce' });
  page.setDefaultTimeout(LONGEST_MS);
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  // answers that refuse are told by the page itself
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('request', (request) => asked.push(request.url()));
  return { page, complaints, asked };
}

/** Until the page waits for no answer, and did not begin to a moment later either. */
export async function settled(page: Page): Promise<void> {
  for (let n = 0; n < 2; n++) {
    await page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 60)))),
    );
    await page.waitForSelector('main[aria-busy="false"]', { timeout: LONGEST_MS });
  }
}

export interface ServedStudio {
  readonly url: string;
  stop(): Promise<void>;
}

const mainFile = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** `deeptaste demo --serve` as a process of its own. @param cwd its models go there; @throws what it says when it ends before it serves */
export function serveDemo(cwd: string): Promise<ServedStudio> {
  return serve(cwd, 'demo', '--serve', '--out', 'club');
}

/** A command that serves, as a process of its own. @throws what it says when it ends before it serves */
export async function serve(cwd: string, ...command: string[]): Promise<ServedStudio> {
  const args = [mainFile, ...command, '--port', '0', '--json'];
  const child: ChildProcess = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const texts = { stdout: '', stderr: '' };
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      texts.stderr += chunk;
    });
    child.stdout?.on('data', (chunk) => {
      texts.stdout += chunk;
      if (texts.stdout.includes('}')) resolve(JSON.parse(texts.stdout).url);
    });
    child.once('exit', () => reject(new Error(`the server ended: ${texts.stderr.slice(-2000)}`)));
  });
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
