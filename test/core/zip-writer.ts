/** Zip archives for tests, written from the format's description (PKWARE APPNOTE 6.3), with faults where asked for. */
import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipMember {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly deflate?: boolean;
  /** Faults: */
  readonly crc?: number;
  readonly size?: number;
  readonly method?: number;
  readonly flags?: number;
}

export function zipOf(members: readonly ZipMember[], comment = ''): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  for (const { name, content, deflate = false, ...fault } of members) {
    const bytes = Buffer.from(content);
    const packed = deflate ? deflateRawSync(bytes) : bytes;
    const path = Buffer.from(name);
    const shared = Buffer.alloc(26); // version needed … length of extra field
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(fault.flags ?? 0x800, 2);
    shared.writeUInt16LE(fault.method ?? (deflate ? 8 : 0), 4);
    shared.writeUInt32LE(fault.crc ?? crc32(bytes), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(fault.size ?? bytes.length, 18);
    shared.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, path, packed]);
    const rest = Buffer.alloc(14); // comment length, disk, attributes
    const place = Buffer.alloc(4);
    place.writeUInt32LE(offset);
    list.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), shared, rest.subarray(0, 10), place, path]));
    parts.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(members.length, 4);
  end.writeUInt16LE(members.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  end.writeUInt16LE(comment.length, 16);
  return Buffer.concat([...parts, directory, Buffer.from('PK\x05\x06', 'latin1'), end, Buffer.from(comment)]);
}
