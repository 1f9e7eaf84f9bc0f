/** A small recommender with everything in it that is hard to keep exact. */
import type { Artifact } from '../../src/artifact/artifact.ts';
import type { ArtifactInfo, Manifest } from '../../src/artifact/manifest.ts';
import type { Field, FieldTable } from '../../src/data/dataset.ts';
import { Vocabulary } from '../../src/data/vocabulary.ts';

export const userIds = [
  '9223372036854775808',
  '007',
  '7',
  'O’Neil, "Jo"',
  '😀',
  ' spaced ',
  'a\tb\nc',
  "d'; DROP TABLE x; --",
  '',
];
export const itemIds = ['1', '2', '3', 'été', 'null'];

const userFields: Field[] = [
  { name: 'Age', kind: 'numeric', values: [25, null, Number.NaN, -0, 1e-320, Number.POSITIVE_INFINITY, 0.1, 3, 4] },
  { name: 'age', kind: 'categorical', values: ['young', null, '', 'x', 'y', 'z', 'null', '"', "'"] },
  { name: 'id', kind: 'text', values: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', null] },
  { name: '', kind: 'text', values: Array.from({ length: 9 }, (_, i) => `row ${i}`) },
];

const itemFields: Field[] = [
  { name: 'title', kind: 'text', values: ['Amélie (2001)', '', null, 'L"été" 🌞', 'x'] },
  { name: 'genres', kind: 'multi', values: [['Drama', 'Comedy'], [], null, ['a,b', '\ufeffc|d', ''], ['😀']] },
];

const table = (fields: Field[], nRows: number, title: string | null): FieldTable => ({ nRows, fields, title });

export const exampleInfo: ArtifactInfo = {
  model: { name: 'gmf', config: { dim: 2, hidden: [4, 2] } },
  training: { epochs: 3, learningRate: 0.001, optimizer: 'adam' },
  seed: 42,
  schema: { columns: [{ name: 'user', role: 'user', kind: 'id', owner: 'interaction', guessed: true }] },
  protocol: { split: 'leave-one-out', cutoffs: [5, 10] },
  metrics: { 'ndcg@10': { value: 0.43, low: 0.4, high: 0.46 }, 'hr@10': null },
  engine: { kernels: 'relaxed', blas: null },
  data: { name: 'club', hash: 'c0ffee', nInteractions: 8 },
};

export const exampleManifest: Manifest = JSON.parse(
  JSON.stringify({
    format: 'deeptaste-artifact',
    formatVersion: 1,
    created: '2020-02-29T12:00:00.000Z',
    deeptaste: '0.1.0',
    ...exampleInfo,
    data: { ...exampleInfo.data, nUsers: 2, nItems: 3 },
    tables: {
      users: { rows: 2, fields: [{ name: 'Age', kind: 'numeric', column: 'Age' }], title: null },
      items: { rows: 3, fields: [], title: null },
      perUser: null,
    },
    files: [{ name: 'weights.safetensors', bytes: 8, sha256: 'ab'.repeat(32) }],
  }),
);

/** @param value fills the weights, so that two artifacts can be told apart */
export function exampleArtifact(value = 0.5): Artifact {
  return {
    info: exampleInfo,
    weights: new Map([
      ['userEmbedding', { shape: [9, 2], data: new Float32Array(new SharedArrayBuffer(72)).fill(value) }],
      ['itemEmbedding', { shape: [5, 2], data: new Float32Array(10).map((_, i) => value + i) }],
    ]),
    users: new Vocabulary(userIds),
    items: new Vocabulary(itemIds),
    userFields: table(userFields, 9, null),
    itemFields: table(itemFields, 5, 'title'),
    seen: {
      nRows: 9,
      rowStart: Int32Array.from([0, 2, 2, 5, 5, 5, 5, 5, 6, 8]),
      columns: Int32Array.from([4, 0, 2, 2, 1, 3, 0, 4]),
    },
    perUser: {
      userIndex: Int32Array.from([8, 0, 3]),
      metrics: new Map([
        ['ndcg@10', Float64Array.from([0.1, 1, Number.NaN])],
        ['NDCG@10', Float64Array.from([1, 2, 3])],
        ['user', Float64Array.from([-0, 0, 1e308])],
      ]),
    },
    checkpoint: new Map([['adam.step', { shape: [], data: new Float64Array([12345678901]) }]]),
    attachments: new Map<string, string | Uint8Array>([
      ['epochs.jsonl', '{"epoch":1}\n'],
      ['bytes.bin', new Uint8Array([0, 255])],
    ]),
  };
}
