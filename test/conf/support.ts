/** Loading from memory. */
import { type Conf, ConfError, type ConfIo, loadConf, type LoadedConf } from "../../src/conf/mod.ts";

export interface World {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly platform?: string;
}

export function memoryIo(world: World): ConfIo & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    env: world.env ?? {},
    platform: world.platform ?? "linux",
    resolve: (path) => path.startsWith("/") ? path : `/work/${path}`,
    readFile(path, atMost) {
      asked.push(path);
      const file = world.files?.[path];
      if (file === undefined) return Promise.resolve(null);
      const bytes = typeof file === "string" ? new TextEncoder().encode(file) : file;
      return Promise.resolve(bytes.subarray(0, atMost));
    },
  };
}

/** Loads a file of this text as `mediamtx.yml`. */
export function loadText(text: string | Uint8Array, world: World = {}): Promise<LoadedConf> {
  return loadConf(memoryIo({ ...world, files: { ...world.files, "mediamtx.yml": text } }));
}

export async function confOf(text: string, env?: Readonly<Record<string, string>>): Promise<Conf> {
  return (await loadText(text, { env })).conf;
}

/** The error that loading gives; fails when it succeeds. */
export async function errorOf(text: string | Uint8Array, world: World = {}): Promise<ConfError> {
  try {
    await loadText(text, world);
  } catch (error) {
    if (error instanceof ConfError) return error;
    throw error;
  }
  throw new Error(`loaded without an error: ${text}`);
}
