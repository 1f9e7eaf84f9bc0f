/**
 * The public data sets that `deeptaste data get` knows, with the checksums of their archives; all that is stated must hold. MD5 sums
 * are those that GroupLens publishes beside its files. A SHA-256 is stated where many independent projects record the same one.
 */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { ioError } from '../../core/io-error.ts';
import { parseOptions } from '../../core/options.ts';
import { readPlainText } from '../../core/plain-file.ts';

const plainPath = z
  .string()
  .regex(/^[\w.-]+(\/[\w.-]+)*$/)
  .refine((path) => !path.split('/').includes('..'), 'must not lead out of the folder');
const setShape = {
  url: z.url({ protocol: /^https?$/ }).meta({ doc: 'where the file is' }),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  md5: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  about: z.string().default('').meta({ doc: 'what it is, and its terms' }),
  files: z.array(plainPath).min(1).optional().meta({ doc: 'members of a zip archive to unpack; all when absent' }),
  interactions: plainPath.optional().meta({ doc: 'the file to train on' }),
};
const registrySchema = z.record(
  z.string().regex(/^[a-z0-9][a-z0-9._-]*$/),
  z
    .strictObject(setShape)
    .refine(
      ({ sha256, md5 }) => sha256 !== undefined || md5 !== undefined,
      'needs sha256 or md5, so that it can be checked',
    ),
);

export type Registry = z.output<typeof registrySchema>;
export type PublicSet = Registry[string];

const grouplens = 'https://files.grouplens.org/datasets/movielens';
const terms = 'GroupLens; research use, no redistribution';

const builtIn: Registry = {
  'ml-100k': {
    url: `${grouplens}/ml-100k.zip`,
    sha256: '50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229',
    md5: '0e33842e24a9c977be4e0107933c0723',
    about: `100,000 ratings of 943 people for 1,682 films (${terms})`,
    interactions: 'ml-100k/u.data',
  },
  'ml-1m': {
    url: `${grouplens}/ml-1m.zip`,
    sha256: 'a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20',
    md5: 'c4d9eecfca2ab87c1945afe126590906',
    about: `1,000,209 ratings of 6,040 people for 3,706 films (${terms})`,
    interactions: 'ml-1m/ratings.dat',
  },
  'ml-10m': {
    url: `${grouplens}/ml-10m.zip`,
    md5: 'ce571fd55effeba0271552578f2648bd',
    about: `10,000,054 ratings of 69,878 people for 10,677 films (${terms})`,
    interactions: 'ml-10M100K/ratings.dat',
  },
  'ml-20m': {
    url: `${grouplens}/ml-20m.zip`,
    md5: 'cd245b17a1ae2cc31bb14903e1204af3',
    about: `20,000,263 ratings of 138,493 people for 26,744 films (${terms})`,
    interactions: 'ml-20m/ratings.csv',
  },
  'ml-25m': {
    url: `${grouplens}/ml-25m.zip`,
    sha256: '8b21cfb7eb1706b4ec0aac894368d90acf26ebdfb6aced3ebd4ad5bd1eb9c6aa',
    md5: '6b51fb2759a8657d3bfcbfc42b592ada',
    about: `25,000,095 ratings of 162,541 people for 59,047 films (${terms})`,
    interactions: 'ml-25m/ratings.csv',
  },
};

/** The built-in sets, with those of a registry file over them. @throws 'config', 'io' */
export async function loadRegistry(file: string | undefined): Promise<Registry> {
  if (file === undefined) return builtIn;
  const text = await readPlainText(file).catch((error: unknown) => {
    throw ioError('reading', file, error);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DeepTasteError('config', `${file}: must be JSON; ${(error as Error).message}`);
  }
  return { ...builtIn, ...parseOptions(registrySchema, value, file) };
}
