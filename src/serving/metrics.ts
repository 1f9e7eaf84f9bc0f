/** What the server counts, for Prometheus. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RetrainingResult } from './retraining.ts';
import type { Scoring } from './scoring/question.ts';
import type { Watcher } from './service/watcher.ts';
import { TrafficRing } from './traffic.ts';

/** Seconds: from a fraction of a millisecond to what nobody waits for. */
const BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** How often the delay of the event loop is looked at. */
const SAMPLED_EVERY_MS = 5;

export class Metrics implements Watcher {
  /** The last 24 hours, minute by minute. */
  readonly traffic: TrafficRing;
  readonly #registry = new Registry();
  readonly #latency: Histogram<'route' | 'status'>;
  readonly #items: Counter<'model' | 'route'>;
  readonly #lists: Counter<'model' | 'fallback'>;
  readonly #feedback: Counter<'type'>;
  readonly #reloads: Counter<'outcome'>;
  readonly #retrains: Counter<'result'>;
  readonly #lost: Counter;
  readonly #delay = monitorEventLoopDelay({ resolution: SAMPLED_EVERY_MS });
  readonly #types = new Set<string>();

  constructor(scoring: Scoring, now: () => number) {
    this.traffic = new TrafficRing(now);
    const registers = [this.#registry];
    this.#latency = new Histogram({
      name: 'deeptaste_request_seconds',
      help: 'Time from a request to its answer',
      labelNames: ['route', 'status'],
      buckets: BUCKETS,
      registers,
    });
    this.#items = new Counter({
      name: 'deeptaste_items_total',
      help: 'Items of answers by how they came into the list: model, fold-in, content, popular',
      labelNames: ['model', 'route'],
      registers,
    });
    this.#lists = new Counter({
      name: 'deeptaste_lists_total',
      help: 'Lists, and whether their first item came from a fallback',
      labelNames: ['model', 'fallback'],
      registers,
    });
    this.#feedback = new Counter({
      name: 'deeptaste_feedback_total',
      help: 'Events that were told, by type',
      labelNames: ['type'],
      registers,
    });
    this.#reloads = new Counter({
      name: 'deeptaste_reloads_total',
      help: 'Artifacts that were loaded anew, or refused',
      labelNames: ['outcome'],
      registers,
    });
    this.#retrains = new Counter({
      name: 'deeptaste_retrains_total',
      help: 'Retrainings on schedule: promoted, kept (the new one was worse), too-little (feedback), busy (another server did it), failed',
      labelNames: ['result'],
      registers,
    });
    this.#lost = new Counter({ name: 'deeptaste_lost_threads_total', help: 'Threads that ended unasked', registers });
    this.#gauges(scoring, now);
    this.#delay.enable();
  }

  #gauges(scoring: Scoring, now: () => number): void {
    const registers = [this.#registry];
    new Gauge({
      name: 'deeptaste_queue',
      help: 'Questions that wait or are being answered',
      registers,
      collect() {
        this.set(scoring.waiting);
      },
    });
    new Counter({
      name: 'deeptaste_dropped_questions_total',
      help: 'Questions that were not scored, since whoever asked had closed the connection',
      registers,
      collect() {
        this.reset();
        this.inc(scoring.nDropped);
      },
    });
    new Gauge({
      name: 'deeptaste_memory_bytes',
      help: 'Memory of the process',
      labelNames: ['kind'],
      registers,
      collect() {
        const { rss, heapUsed, external } = process.memoryUsage();
        this.set({ kind: 'resident' }, rss);
        this.set({ kind: 'heap' }, heapUsed);
        this.set({ kind: 'external' }, external);
      },
    });
    new Gauge({
      name: 'deeptaste_model_age_seconds',
      help: 'Time since the artifact was made',
      labelNames: ['model', 'version'],
      registers,
      collect() {
        this.reset();
        for (const { name, version, created } of scoring.about)
          if (created !== null) this.set({ model: name, version }, (now() - Date.parse(created)) / 1000);
      },
    });
    new Gauge({
      name: 'deeptaste_cpu_seconds',
      help: 'Processor time that the process has used, all its threads',
      registers,
      collect() {
        const { user, system } = process.cpuUsage();
        this.set((user + system) / 1e6);
      },
    });
    const delay = this.#delay;
    new Gauge({
      name: 'deeptaste_event_loop_delay_p99_seconds',
      help: 'The 99th percentile of the delay of the event loop since the last reading',
      registers,
      collect() {
        // what is measured is the time from one sample to the next
        this.set(Math.max(0, delay.percentile(99) / 1e9 - SAMPLED_EVERY_MS / 1000));
        delay.reset();
      },
    });
  }

  observe(route: string, status: number, seconds: number): void {
    this.#latency.observe({ route, status: String(status) }, seconds);
    this.traffic.observe(route, status, seconds);
  }

  listed(model: string, { items }: Parameters<Watcher['listed']>[1]): void {
    const counts = new Map<string, number>();
    for (const { route } of items) counts.set(route, (counts.get(route) ?? 0) + 1);
    for (const [route, n] of counts) this.#items.inc({ model, route }, n);
    const isFallback = items[0]?.route !== 'model' && items[0]?.route !== 'fold-in';
    this.#lists.inc({ model, fallback: isFallback ? 'yes' : 'no' });
    this.traffic.listed(isFallback);
  }

  fedBack(type: string, events: number): void {
    // names come from outside: more than some would fill the memory
    if (this.#types.size < 100) this.#types.add(type);
    this.#feedback.inc({ type: this.#types.has(type) ? type : 'other' }, events);
  }

  reloaded(outcome: 'done' | 'refused'): void {
    this.#reloads.inc({ outcome });
  }

  retrained(result: RetrainingResult): void {
    this.#retrains.inc({ result });
  }

  lostThread(): void {
    this.#lost.inc();
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  close(): void {
    this.#delay.disable();
  }
}
