/** The ways to split a data set, and what each needs to know. */
import { z } from 'zod';

const seed = z.int().min(0).max(4294967295).default(1).meta({ doc: 'seed of the random choices' });
const orderBy = z.enum(['time', 'random', 'order']);
const fraction = z.number().min(0).max(0.9);
const file = z.string().min(1);

export const leaveOneOutOptions = z.strictObject({
  method: z.literal('leave-one-out'),
  by: orderBy
    .default('time')
    .meta({ doc: 'which row of a user is the test row: the last by time, a random one, the last in the file' }),
  validation: z
    .enum(['time', 'random', 'order', 'none'])
    .optional()
    .meta({ doc: 'which of the remaining rows is the validation row; default: chosen as the test row is' }),
  seed,
});

export const ratioOptions = z.strictObject({
  method: z.literal('ratio'),
  by: orderBy
    .default('random')
    .meta({ doc: 'which rows of a user are held out: the last by time, random ones, the last in the file' }),
  of: z
    .enum(['user', 'all'])
    .optional()
    .meta({ doc: 'shares of the rows of each user, or of all rows; default: all where rows carry labels' }),
  validation: fraction.default(0.1).meta({ doc: 'share of the rows for validation' }),
  test: fraction.default(0.1).meta({ doc: 'share of the rows for testing' }),
  seed,
});

export const timeOptions = z.strictObject({
  method: z.literal('time'),
  validation: fraction.default(0.1).meta({ doc: 'share of all rows for validation, the latest before the test rows' }),
  test: fraction.default(0.1).meta({ doc: 'share of all rows for testing, the latest ones' }),
});

export const sessionOptions = z.strictObject({
  method: z.literal('session'),
  by: z
    .enum(['time', 'order'])
    .default('time')
    .meta({ doc: 'which sessions are the last: by their last time, or in the file' }),
  validation: fraction.default(0.1).meta({ doc: 'share of the sessions for validation' }),
  test: fraction.default(0.1).meta({ doc: 'share of the sessions for testing' }),
  unseenUsers: z.enum(['drop', 'keep']).default('drop').meta({ doc: 'held-out rows of users without training rows' }),
});

export const lastSessionOptions = z.strictObject({
  method: z.literal('last-session'),
  by: z
    .enum(['time', 'order'])
    .default('time')
    .meta({ doc: "which session is a user's last: by its last time, or in the file" }),
  validation: z.boolean().default(true).meta({ doc: "hold out each user's last session but one too" }),
});

export const coldItemsOptions = z.strictObject({
  method: z.literal('cold-items'),
  validation: fraction.default(0.1).meta({ doc: 'share of the items whose rows are for validation' }),
  test: fraction.default(0.1).meta({ doc: 'share of the items whose rows are for testing' }),
  seed,
});

export const givenOptions = z.strictObject({
  method: z.literal('given'),
  test: file.meta({ doc: 'file with the test rows; the data files are the training rows' }),
  validation: file.optional().meta({ doc: 'file with the validation rows' }),
  candidates: file.optional().meta({ doc: 'file that lists the items to rank for each test user' }),
  validationCandidates: file.optional().meta({ doc: 'file that lists the items to rank for each validation user' }),
});

export const noneOptions = z.strictObject({
  method: z.literal('none').meta({ doc: 'all rows are for training, nothing is measured' }),
});

export const splitOptions = z.discriminatedUnion('method', [
  leaveOneOutOptions,
  ratioOptions,
  timeOptions,
  sessionOptions,
  lastSessionOptions,
  coldItemsOptions,
  givenOptions,
  noneOptions,
]);

/** Options as a caller writes them. */
export type SplitOptions = z.input<typeof splitOptions>;
export type LeaveOneOutOptions = Omit<z.input<typeof leaveOneOutOptions>, 'method'>;
export type RatioOptions = Omit<z.input<typeof ratioOptions>, 'method'>;
export type TimeOptions = Omit<z.input<typeof timeOptions>, 'method'>;
export type SessionOptions = Omit<z.input<typeof sessionOptions>, 'method'>;
export type LastSessionOptions = Omit<z.input<typeof lastSessionOptions>, 'method'>;
export type ColdItemsOptions = Omit<z.input<typeof coldItemsOptions>, 'method'>;
export type GivenOptions = Omit<z.input<typeof givenOptions>, 'method'>;
