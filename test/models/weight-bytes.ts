import type { NamedTensors } from '../../src/core/named-tensors.ts';

/** All bytes of the weights as hexadecimal digits, tensor by tensor in the order of their names. */
export function weightBytes(weights: NamedTensors): string {
  return [...weights]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { shape, data }]) => {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      return `${name} [${shape}] ${bytes.toString('hex')}`;
    })
    .join('\n');
}
