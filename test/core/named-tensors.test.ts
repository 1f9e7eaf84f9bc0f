import { expect, test } from 'vitest';
import { float32Tensor, type NamedTensors, sizeOfShape } from '../../src/core/named-tensors.ts';
import { failure } from '../artifact/temporary-folder.ts';

const weights: NamedTensors = new Map([
  ['w', { shape: [2, 3], data: new Float32Array(2 * 3) }],
  ['n', { shape: [2], data: new Int32Array(2) }],
]);

test('size of a shape', () => {
  expect([sizeOfShape([]), sizeOfShape([2, 3, 4]), sizeOfShape([5, 0])]).toEqual([1, 2 * 3 * 4, 0]);
});

test('a tensor of the wanted name, kind and shape is given as it is', () => {
  expect(float32Tensor(weights, 'w', [2, 3])).toBe(weights.get('w')?.data);
});

test.each([
  ['absent', [2, 3]],
  ['w', [3, 2]],
  ['w', [6]],
  ['n', [2]],
])('tensor %s %j is refused', async (name, shape) => {
  expect((await failure(() => float32Tensor(weights, name, shape))).code).toBe('artifact');
});
