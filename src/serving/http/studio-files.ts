/** The Studio as it was built into the package: its files in memory, compressed once, with what browsers may do with them. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Context } from 'hono';

const BUILT = new URL('../../../dist/studio/', import.meta.url);
/** The page itself, at `/`. */
const PAGE = 'index.html';
/** Files below it have a hash of their content in their names. */
const NAMED_BY_CONTENT = 'assets/';

/** Media types of files that are served, and whether they get smaller. */
const types: Readonly<Record<string, readonly [type: string, isCompressed: boolean]>> = {
  '.html': ['text/html; charset=utf-8', true],
  '.js': ['text/javascript; charset=utf-8', true],
  '.css': ['text/css; charset=utf-8', true],
  '.svg': ['image/svg+xml', true],
  '.md': ['text/plain; charset=utf-8', true],
  '.woff2': ['font/woff2', false],
};

/** Nothing from elsewhere is loaded, no text becomes a script or a style, and no other page may frame this one. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export interface StudioFile {
  /** Address below that of the server: `/assets/index-B1x.js`. */
  readonly path: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Null where compression would gain nothing. */
  readonly gzip: Uint8Array<ArrayBuffer> | null;
  readonly headers: Readonly<Record<string, string>>;
}

export function isStudioBuilt(folder: URL = BUILT): boolean {
  return existsSync(new URL(PAGE, folder));
}

/** @param folder of a build. @returns null where the Studio is not built */
export function studioFiles(folder: URL = BUILT): readonly StudioFile[] | null {
  if (!isStudioBuilt(folder)) return null;
  const names = readdirSync(fileURLToPath(folder), { recursive: true, encoding: 'utf8' });
  return names.flatMap((found) => {
    const name = found.replaceAll('\\', '/');
    const type = types[extname(name)];
    return type === undefined ? [] : [studioFile(name, type, new Uint8Array(readFileSync(new URL(name, folder))))];
  });
}

function studioFile(name: string, [type, isCompressed]: (typeof types)[string], body: StudioFile['body']): StudioFile {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return {
    path: name === PAGE ? '/' : `/${name}`,
    body,
    gzip: isCompressed ? new Uint8Array(gzipSync(body, { level: 9 })) : null,
    headers: {
      'content-type': type,
      'x-content-type-options': 'nosniff',
      'cache-control': name.startsWith(NAMED_BY_CONTENT) ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag,
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
      vary: 'accept-encoding',
    },
  };
}

export function studioAnswer(c: Context, { body, gzip, headers }: StudioFile): Response {
  if (c.req.header('if-none-match') === headers.etag) return new Response(null, { status: 304, headers });
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/i.test(c.req.header('accept-encoding') ?? '');
  if (gzip === null || !takesGzip) return new Response(body, { headers });
  return new Response(gzip, { headers: { ...headers, 'content-encoding': 'gzip' } });
}
