/** Letting go of an address: connections of those who never come to an end. */
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it } from 'vitest';
import { closed } from '../../src/serving/listening.ts';

it('does not wait for ever for requests that are never sent to their end', async () => {
  const http = createServer((request, reply) => {
    request.resume().on('end', () => reply.end());
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  const gone = ['GET / HTTP/1.1\r\nhost: a\r\n', 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf'].map(
    (text) =>
      new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        socket.on('error', () => {}).on('close', resolve);
      }),
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  await closed(http, 300);
  await Promise.all(gone);
  expect(http.listening).toBe(false);
});
