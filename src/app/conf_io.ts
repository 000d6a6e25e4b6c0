/** Gives the loader of the configuration its view of the file system and the environment. */
import { dirname, resolve } from "node:path";
import { concat } from "../base/bytes.ts";
import type { ConfIo } from "../conf/mod.ts";

const chunkSize = 64 << 10;

/** The environment is read when this is called. */
export function createConfIo(): ConfIo {
  return {
    readFile,
    env: Deno.env.toObject(),
    platform: Deno.build.os,
    resolve: (path, beside) => beside === undefined ? resolve(path) : resolve(dirname(beside), path),
  };
}

async function readFile(path: string, atMost?: number): Promise<Uint8Array | null> {
  try {
    using file = await Deno.open(path);
    return await readAtMost(file, atMost ?? Infinity);
  } catch (error) {
    // A component of the path that is a file, as in `a.yml/b.yml`, is no such file either.
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return null;
    throw error;
  }
}

async function readAtMost(file: Deno.FsFile, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let left = limit; left > 0;) {
    const part = new Uint8Array(Math.min(left, chunkSize));
    const size = await file.read(part);
    if (size === null) break;
    parts.push(part.subarray(0, size));
    left -= size;
  }
  return concat(parts);
}

/** Readers see the old text or the new one, also after a crash. Readable by the owner only: it may hold secrets. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}
