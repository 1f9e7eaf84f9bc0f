/** Progress on standard error: bars with rate and time left on a terminal, plain lines elsewhere. */
import type { MultiBar, SingleBar } from 'cli-progress';
import type { Progress, ProgressTask } from '../core/progress.ts';
import { shortNumber, shortTime } from '../core/short-text.ts';
import { shownMessage } from '../core/shown.ts';

export { shortNumber, shortTime };

const REDRAW_MS = 100;
/** Lines of a task under way stand at least this far apart. */
const LINE_MS = 2000;

export async function terminalProgress(): Promise<Progress> {
  return process.stderr.isTTY ? barProgress() : lineProgress((line) => process.stderr.write(`${shownMessage(line)}\n`));
}

/** @param write takes one line; @param now milliseconds */
export function lineProgress(write: (line: string) => void, now: () => number = () => performance.now()): Progress {
  const start = (label: string, total?: number, unit?: string): ProgressTask => {
    const clock = new TaskClock(now, unit);
    let lastLine = now();
    return {
      update(done, note) {
        clock.report(done);
        if (note === undefined || now() - lastLine < LINE_MS) return;
        lastLine = now();
        write(
          `${label}: ${[share(done, total), note, clock.rate(), timeLeft(clock, done, total)].filter(Boolean).join('  ')}`,
        );
      },
      end: (note) => write(clock.closing(label, note)),
    };
  };
  return { start, log: write };
}

async function barProgress(): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const bars: MultiBar = new cliProgress.MultiBar(
    {
      format: '{label} {bar} {percentage} %  {rate}  {left}{note}',
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
      barsize: 24,
      stopOnComplete: false,
      linewrap: false,
      barCompleteChar: '━',
      barIncompleteChar: '─',
    },
    cliProgress.Presets.rect,
  );
  let open = 0;
  const log = (text: string) => {
    const line = shownMessage(text);
    if (open === 0) process.stderr.write(`${line}\n`);
    else {
      bars.log(`${line}\n`);
      bars.update();
    }
  };
  return {
    log,
    start(label, total, unit) {
      open++;
      const task = new BarTask(bars, label, total, unit);
      return {
        update: (done, note) => task.update(done, note),
        end(note) {
          task.remove();
          open--;
          if (open === 0) bars.stop();
          log(task.clock.closing(label, note));
        },
      };
    },
  };
}

class BarTask {
  readonly clock: TaskClock;
  readonly #bars: MultiBar;
  readonly #bar: SingleBar;
  readonly #total: number | undefined;
  #note = '';
  #drawn = 0;

  constructor(bars: MultiBar, label: string, total: number | undefined, unit: string | undefined) {
    this.clock = new TaskClock(() => performance.now(), unit);
    this.#bars = bars;
    this.#total = total;
    this.#bar = bars.create(total ?? 1, 0, { label, note: '', rate: '', left: '' });
    bars.update();
  }

  update(done: number, note?: string): void {
    this.clock.report(done);
    if (note !== undefined) this.#note = `  ${note}`;
    this.#bar.update(this.#total === undefined ? 0 : done, {
      note: this.#note,
      rate: this.clock.rate(),
      left: this.#total === undefined ? '' : this.clock.left(this.#total),
    });
    if (performance.now() - this.#drawn < REDRAW_MS) return;
    this.#drawn = performance.now();
    this.#bars.update(); // long synchronous work leaves no turn to the bar's own timer
  }

  remove(): void {
    this.#bars.remove(this.#bar);
  }
}

/** Time and speed of one task. Speed counts from the first report on: what a resumed run had done before is not its own work. */
class TaskClock {
  readonly #now: () => number;
  readonly #started: number;
  readonly #unit: string | undefined;
  #first: { readonly done: number; readonly at: number } | null = null;
  #last = { done: 0, at: 0 };

  constructor(now: () => number, unit: string | undefined) {
    this.#now = now;
    this.#started = now();
    this.#unit = unit;
  }

  report(done: number): void {
    this.#last = { done, at: this.#now() };
    this.#first ??= this.#last;
  }

  /** Units a second; 0 when not known yet. */
  get #speed(): number {
    if (this.#first === null || this.#last.at <= this.#first.at) return 0;
    return ((this.#last.done - this.#first.done) * 1000) / (this.#last.at - this.#first.at);
  }

  rate(): string {
    return this.#unit === undefined || this.#speed <= 0 ? '' : `${shortNumber(this.#speed)} ${this.#unit}/s`;
  }

  left(total: number): string {
    return this.#speed <= 0 ? '' : `${shortTime(Math.max(0, total - this.#last.done) / this.#speed)} left`;
  }

  closing(label: string, note: string | undefined): string {
    return `${label}: ${[note ?? 'done', shortTime((this.#now() - this.#started) / 1000), this.rate()].filter(Boolean).join(', ')}`;
  }
}

/** Less than a hundredth of the work says nothing about the rest. */
function timeLeft(clock: TaskClock, done: number, total: number | undefined): string {
  return total === undefined || done < total / 100 ? '' : clock.left(total);
}

function share(done: number, total: number | undefined): string {
  return total === undefined ? '' : `${Math.min(100, (100 * done) / total).toFixed(0)} %`;
}
