/** What `--profile` prints: where the time of training steps went, and the trace file. */
import { writeFileAtomic } from '../core/atomic-file.ts';
import { type PlanProfile, traceFile } from '../engine/plan/profile.ts';
import { textTable } from '../evaluation/text-table.ts';

export class ProfileReport {
  readonly #wanted: string | true | undefined;
  readonly #profiles: { readonly model: string; readonly profile: PlanProfile }[] = [];

  /** @param wanted true = a table; a path = a trace file too; undefined = nothing */
  constructor(wanted: string | true | undefined) {
    this.#wanted = wanted;
  }

  get listener(): ((profile: PlanProfile, model: string) => void) | undefined {
    if (this.#wanted === undefined) return undefined;
    return (profile, model) => {
      this.#profiles.push({ model, profile });
    };
  }

  /** Writes the trace file; of several stages, the last one's. */
  async write(): Promise<void> {
    const last = this.#profiles.at(-1);
    if (typeof this.#wanted === 'string' && last) await writeFileAtomic(this.#wanted, traceFile(last.profile));
  }

  get text(): string {
    if (this.#wanted !== undefined && this.#profiles.length === 0)
      return 'profile: this model is fitted at once, without training steps; nothing was recorded';
    const trace = typeof this.#wanted === 'string' ? [`trace for chrome://tracing: ${this.#wanted}`] : [];
    return [...this.#profiles.map(({ model, profile }) => profileTable(model, profile)), ...trace].join('\n\n');
  }

  /** For `--json`; empty when nothing was asked for. */
  get document(): { readonly profiles?: readonly object[] } {
    if (this.#wanted === undefined) return {};
    const profiles = this.#profiles.map(({ model, profile: { steps, threads, lines } }) => ({
      model,
      steps,
      threads,
      lines,
    }));
    return { profiles };
  }
}

function profileTable(model: string, { steps, threads, lines }: PlanProfile): string {
  const { header, rule, rows } = textTable([
    { header: 'part', align: 'left', cells: lines.map(({ label }) => label) },
    { header: 'µs a step', align: 'right', cells: lines.map((line) => (line.millisecondsOfStep * 1e3).toFixed(1)) },
    { header: 'share', align: 'right', cells: lines.map(({ share }) => percent(share)) },
    { header: 'GFLOP/s', align: 'right', cells: lines.map(({ gflops }) => (gflops > 0 ? gflops.toFixed(1) : '')) },
    {
      header: 'GB/s',
      align: 'right',
      cells: lines.map(({ gigabytesPerSecond: rate }) => (rate > 0 ? rate.toFixed(1) : '')),
    },
  ]);
  const share = (kind: string) => percent(lines.reduce((sum, l) => sum + (l.kind === kind ? l.share : 0), 0));
  const parts = `sampling ${share('sampling')}, updates ${share('update')}, waiting for other threads ${share('waiting')}`;
  return [
    `${model}: ${steps} steps on ${threads} ${threads === 1 ? 'thread' : 'threads'}; ${parts}`,
    header,
    rule,
    ...rows,
  ].join('\n');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
