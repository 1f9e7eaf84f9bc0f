import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { extractZip } from '../../src/core/zip.ts';
import { zipOf } from './zip-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'deeptaste-zip-'));
afterAll(() => rmSync(folder, { recursive: true }));
let n = 0;
function place(bytes: Uint8Array): { archive: string; out: string } {
  const archive = join(folder, `${n++}.zip`);
  writeFileSync(archive, bytes);
  return { archive, out: join(folder, `out${n}`) };
}
const big = 'row,row,row\n'.repeat(100_000);

describe('extractZip', () => {
  it('unpacks stored, deflated, empty and nested members, with a comment at the end', async () => {
    const members = [
      { name: 'a/', content: '' },
      { name: 'a/b/stored.txt', content: 'plain' },
      { name: 'a/deflated.csv', content: big, deflate: true },
      { name: 'empty', content: '' },
      { name: 'für-🎬', content: 'ü' },
    ];
    const { archive, out } = place(zipOf(members, 'a comment with PK\x05\x06 in it'));
    expect(await extractZip(archive, out)).toBe(true);
    for (const { name, content } of members.slice(1)) expect(readFileSync(join(out, name), 'utf8')).toBe(content);
  });

  it('unpacks only what is wanted', async () => {
    const { archive, out } = place(zipOf(['x', 'y', 'z'].map((name) => ({ name, content: name }))));
    await extractZip(archive, out, ['y']);
    expect(readdirSync(out)).toEqual(['y']);
  });

  it.each([['user,item\n'], ['']])('leaves a file alone that is no archive: %j', async (text) => {
    const { archive, out } = place(Buffer.from(text));
    expect(await extractZip(archive, out)).toBe(false);
    expect(existsSync(out)).toBe(false);
  });

  const good = { name: 'x', content: big, deflate: true };
  it.each([
    ['truncated', zipOf([good]).subarray(0, -10)],
    ['without its end', zipOf([good]).subarray(0, 500)],
    ['altered data', zipOf([{ ...good, deflate: false }]).fill(0x41, 2000, 2001)],
    ['broken deflate stream', zipOf([good]).fill(0xff, 40, 60)],
    ['wrong checksum', zipOf([{ ...good, crc: 1 }])],
    ['more than announced', zipOf([{ ...good, size: 10 }])],
    ['less than announced', zipOf([{ ...good, size: big.length + 1 }])],
    ['out of the folder', zipOf([{ name: '../evil', content: 'x' }])],
    ['absolute', zipOf([{ name: '/evil', content: 'x' }])],
    ['with backslashes', zipOf([{ name: '..\\evil', content: 'x' }])],
    ['encrypted', zipOf([{ ...good, flags: 1 }])],
    ['unknown method', zipOf([{ ...good, method: 99 }])],
  ])('refuses an archive that is %s', async (_, bytes) => {
    const { archive, out } = place(bytes);
    await expect(extractZip(archive, out)).rejects.toMatchObject({ code: 'data' });
    expect(existsSync(join(folder, 'evil'))).toBe(false);
  });

  it('names a member that is missing', async () => {
    const { archive, out } = place(zipOf([good]));
    await expect(extractZip(archive, out, ['nothing'])).rejects.toMatchObject({ code: 'data' });
  });
});
