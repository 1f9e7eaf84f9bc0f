/**
 * Redis between servers over one store: signals that items or artifacts have changed, and a stream of feedback that others fill. Entries
 * of the stream are read by one server of the group, kept in the store, then removed; those of a server that died are taken over.
 */
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { DeepTasteError } from '../core/errors.ts';
import { parseOptions } from '../core/options.ts';
import { type FeedbackInput, feedbackEvent } from './api/telling.ts';
import type { Log } from './log.ts';
import { withoutPassword } from './store/postgres.ts';
import { StoreFailure } from './store/store-failure.ts';

const GROUP = 'servers';
const AT_ONCE = 500;
/** How long a reading waits for entries; a server that stops waits as long at most. */
const BLOCK_MS = 500;
const ABANDONED_MS = 30_000;
const CONNECT_MS = 5_000;
/** Refused entries that are kept to be looked at. */
const REFUSED_KEPT = 10_000;
/** How long a server that stops waits for events that are being kept. */
const KEEP_MS = 2_000;
const WAIT_AFTER_FAILURE_MS = 1_000;

export type Signal = 'items' | 'reload';

export interface BusOptions {
  /** redis://host:port/database, with ?prefix=… where several fleets share a server. */
  readonly url: string;
  readonly log: Log;
  /** Milliseconds, 30,000 by default: an entry that was read and not kept for so long is taken over. */
  readonly abandonedAfter?: number;
  /** Another server says so. */
  onSignal(signal: Signal): void;
  /** Keeps events; those whose ids are there do not count. */
  record(events: readonly FeedbackInput[]): Promise<unknown>;
}

type Entry = readonly [id: string, fields: readonly string[]];

/** @throws DeepTasteError `io`: no Redis answers there */
export async function openBus(options: BusOptions): Promise<Bus> {
  const address = new URL(options.url);
  const prefix = address.searchParams.get('prefix') ?? 'deeptaste';
  address.searchParams.delete('prefix');
  const connect = () =>
    new Redis(address.href, { maxRetriesPerRequest: null, connectTimeout: CONNECT_MS, lazyConnect: true });
  const bus = new Bus(options, prefix, [connect(), connect(), connect()]);
  try {
    await bus.start();
  } catch (cause) {
    await bus.close();
    throw new DeepTasteError(
      'io',
      `bus: a Redis server must answer at ${withoutPassword(options.url)}, found otherwise (${(cause as Error).message}); start it, or ` +
        'leave --bus out',
      {},
      { cause },
    );
  }
  return bus;
}

export class Bus {
  readonly #options: BusOptions;
  readonly #name = randomUUID();
  readonly #stream: string;
  readonly #channel: string;
  readonly #commands: Redis;
  readonly #signals: Redis;
  /** Waits for entries, hence is a connection of its own. */
  readonly #reader: Redis;
  #isStarted = false;
  #isClosed = false;
  #isLost = false;
  #reading: Promise<void> = Promise.resolve();
  #claimedAt = 0;

  constructor(options: BusOptions, prefix: string, [commands, signals, reader]: readonly [Redis, Redis, Redis]) {
    this.#options = options;
    this.#stream = `${prefix}:feedback`;
    this.#channel = `${prefix}:signals`;
    this.#commands = commands;
    this.#signals = signals;
    this.#reader = reader;
  }

  async start(): Promise<void> {
    const connections = [this.#commands, this.#signals, this.#reader];
    for (const connection of connections) connection.on('error', (error: Error) => this.#tellLoss(error));
    await Promise.all(connections.map((connection) => connection.connect()));
    await this.#makeGroup();
    this.#signals.on('message', (_channel: string, message: string) => {
      const [from, signal] = message.split(' ');
      if (from !== this.#name && (signal === 'items' || signal === 'reload')) this.#options.onSignal(signal);
    });
    await this.#signals.subscribe(this.#channel);
    for (const connection of connections) connection.on('ready', () => this.#tellReturn());
    this.#isStarted = true;
    this.#reading = this.#read();
  }

  get #isThere(): boolean {
    return [this.#commands, this.#signals, this.#reader].every(({ status }) => status === 'ready');
  }

  /** It connects again by itself; what is wrong is told once for each loss. */
  #tellLoss(error: Error): void {
    if (!this.#isStarted || this.#isClosed || this.#isLost) return;
    this.#isLost = true;
    this.#options.log.write('error', 'bus lost', {
      message:
        `Redis must answer at ${withoutPassword(this.#options.url)}, found otherwise (${error.message}); until it does, other servers ` +
        'are not told of changes and the stream is not read; trying again',
    });
  }

  #tellReturn(): void {
    if (!this.#isLost || !this.#isThere) return;
    this.#isLost = false;
    this.#options.log.write('info', 'bus found again');
    // what others said meanwhile was not heard
    this.#options.onSignal('items');
  }

  async #makeGroup(): Promise<void> {
    await this.#commands.xgroup('CREATE', this.#stream, GROUP, '0', 'MKSTREAM').catch((error: Error) => {
      if (!error.message.includes('BUSYGROUP')) throw error;
    });
  }

  /** Tells the other servers. @throws while Redis does not answer */
  async announce(signal: Signal): Promise<void> {
    // a command would wait until it does, and whoever asked for the change with it
    if (!this.#isThere) throw new Error(`other servers are not told of changed ${signal}: Redis does not answer`);
    await this.#commands.publish(this.#channel, `${this.#name} ${signal}`);
  }

  async #read(): Promise<void> {
    while (!this.#isClosed) {
      try {
        const entries = [...(await this.#abandoned()), ...(await this.#fresh())];
        if (entries.length > 0) await this.#keep(entries);
      } catch (error) {
        if (this.#isClosed) return;
        // a Redis that began anew without its data has no group
        if ((error as Error).message.includes('NOGROUP')) await this.#makeGroup().catch(() => {});
        this.#options.log.write('error', 'bus', { message: (error as Error).message });
        await new Promise((resolve) => setTimeout(resolve, WAIT_AFTER_FAILURE_MS));
      }
    }
  }

  async #fresh(): Promise<readonly Entry[]> {
    const read = await this.#reader.xreadgroup(
      ...(['GROUP', GROUP, this.#name, 'COUNT', AT_ONCE, 'BLOCK', BLOCK_MS, 'STREAMS', this.#stream, '>'] as const),
    );
    const [stream] = (read ?? []) as readonly (readonly [string, readonly Entry[]])[];
    return stream?.[1] ?? [];
  }

  async #abandoned(): Promise<readonly Entry[]> {
    const { abandonedAfter = ABANDONED_MS } = this.#options;
    if (Date.now() - this.#claimedAt < abandonedAfter) return [];
    this.#claimedAt = Date.now();
    const claimed = await this.#commands.xautoclaim(
      ...([this.#stream, GROUP, this.#name, abandonedAfter, '0', 'COUNT', AT_ONCE] as const),
    );
    return (claimed as unknown as readonly [string, readonly Entry[]])[1];
  }

  async #keep(entries: readonly Entry[]): Promise<void> {
    const entryOf = new Map<FeedbackInput, Entry>();
    const refused: (readonly [Entry, string])[] = [];
    for (const entry of entries) {
      try {
        entryOf.set(eventOf(entry), entry);
      } catch (error) {
        refused.push([entry, (error as Error).message]);
      }
    }
    for (const [event, why] of await this.#record([...entryOf.keys()]))
      refused.push([entryOf.get(event) as Entry, why]);
    const done = this.#commands.multi();
    for (const [[, fields], why] of refused)
      done.xadd(`${this.#stream}:refused`, 'MAXLEN', '~', REFUSED_KEPT, '*', 'why', why, ...fields);
    const ids = entries.map(([id]) => id);
    await done
      .xack(this.#stream, GROUP, ...ids)
      .xdel(this.#stream, ...ids)
      .exec();
    if (refused.length > 0)
      this.#options.log.write('warn', 'feedback refused', { events: refused.length, why: refused[0][1] });
  }

  /**
   * Keeps what can be kept: one event that the store refuses does not hold up those that were read with it.
   * @returns those that it refuses, and why
   * @throws while the store takes nothing
   */
  async #record(events: readonly FeedbackInput[]): Promise<(readonly [FeedbackInput, string])[]> {
    if (events.length === 0) return [];
    try {
      await this.#options.record(events);
      return [];
    } catch (error) {
      if (!(error instanceof StoreFailure) || !error.isOfStatement) throw error;
      if (events.length === 1) return [[events[0], (error as Error).message]];
      const half = events.length >> 1;
      return [...(await this.#record(events.slice(0, half))), ...(await this.#record(events.slice(half)))];
    }
  }

  /** Waits for what is being kept, but not for a Redis that does not answer. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const patience = new Promise<void>((resolve) => setTimeout(resolve, this.#isThere ? KEEP_MS : 0).unref());
    // a group keeps readers that have gone, which harms nobody
    const left = this.#reading.then(() => (this.#isStarted ? this.#leave() : undefined)).catch(() => {});
    await Promise.race([left, patience]);
    // commands that wait for a lost connection stay unanswered
    for (const connection of [this.#commands, this.#signals, this.#reader]) connection.disconnect();
  }

  /** Leaves the group, but for entries that were read and not kept: with the reader these would be lost to the others. */
  async #leave(): Promise<void> {
    const [left] = await this.#commands.xpending(this.#stream, GROUP, '-', '+', 1, this.#name);
    if (left === undefined) await this.#commands.xgroup('DELCONSUMER', this.#stream, GROUP, this.#name);
  }
}

/** One event of the API as JSON in the field `event`; without an id it has that of the entry. @throws where it is none */
function eventOf([entryId, fields]: Entry): FeedbackInput {
  const place = fields.findIndex((name, n) => n % 2 === 0 && name === 'event');
  if (place < 0) throw new DeepTasteError('usage', 'feedback: an entry must have the field "event", found none');
  const event = parseOptions(feedbackEvent, JSON.parse(fields[place + 1]), 'feedback', 'usage');
  return { ...event, id: event.id ?? `stream ${entryId}` };
}
