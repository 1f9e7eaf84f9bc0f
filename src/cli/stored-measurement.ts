/** What a saved run is measured on again: only the data and the held-out rows of its training. */
import type { Manifest } from '../artifact/manifest.ts';
import { DeepTasteError } from '../core/errors.ts';
import { describeDifference, type Protocol, protocolDifferences } from '../evaluation/protocol.ts';

/** @throws 'data' when the data are not those of the training */
export function requireSameData(path: string, { data }: Manifest, hash: string, command = 'evaluate'): void {
  if (hash === data.hash) return;
  throw new DeepTasteError(
    'data',
    `${command} ${path}: the data must be those of the training (hash ${data.hash.slice(0, 12)}…), found others ` +
      `(${hash.slice(0, 12)}…); give the original files and options (--data), or train again`,
  );
}

/** @throws 'protocol' when other rows are held out than those that the training left out */
export function requireSameSplit(path: string, { protocol }: Manifest, split: Protocol['split']): void {
  if (protocol === null)
    throw new DeepTasteError(
      'protocol',
      `evaluate ${path}: the run records no split, so nothing says which rows it has not seen; train again`,
    );
  const trained = protocol as Protocol;
  const differences = protocolDifferences(trained, { ...trained, split }).filter(
    ({ field }) => !/andidates/.test(field),
  );
  if (differences.length === 0) return;
  throw new DeepTasteError(
    'protocol',
    `evaluate ${path}: the test rows must be those that the training held out, found ${differences.map(describeDifference).join('; ')}; ` +
      'split as in the training, or train again',
  );
}
