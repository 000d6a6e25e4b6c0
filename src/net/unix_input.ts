/** A socket file that one client at a time writes into. */
import { UserError } from "../base/errors.ts";
import { systemErrorText } from "./listen_address.ts";

const readSize = 64 * 1024;

/** `scheme:///path/to.sock`: the path. Throws UserError. */
export function parseUnixInputUrl(url: string): string {
  const found = /^[A-Za-z0-9+.-]+:\/\/(.+)$/.exec(url);
  if (found === null) throw new UserError("invalid URL: expected scheme:///path/of/the.sock");
  // Parts of it may come from clients, and the file is made anew: none may lead to the socket of somebody else.
  if (found[1].split(/[\\/]/).includes("..")) {
    throw new UserError("invalid URL: '..' in the path of a socket");
  }
  return found[1];
}

/** What a client does. */
export interface UnixInputHandler {
  /** `bytes` of one read: valid during the call only. */
  read(bytes: Uint8Array): void;
}

/**
 * Listens on the socket file, which is made anew, and reads until `signal` is aborted or the client that came first has
 * gone. Others cannot connect meanwhile. Throws UserError.
 */
export async function readUnixInput(
  path: string,
  handler: UnixInputHandler,
  signal: AbortSignal,
): Promise<void> {
  const conn = await acceptOne(path, signal);
  if (conn === null) return;
  if (signal.aborted) return conn.close();
  const stop = () => conn.close();
  signal.addEventListener("abort", stop);
  try {
    const buffer = new Uint8Array(readSize);
    for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
      handler.read(buffer.subarray(0, count));
      if (signal.aborted) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    if (!signal.aborted) conn.close();
  }
}

/** The first client; null when `signal` was aborted before. */
async function acceptOne(path: string, signal: AbortSignal): Promise<Deno.UnixConn | null> {
  const listener = await listen(path);
  const stop = () => listener.close();
  signal.addEventListener("abort", stop);
  try {
    if (signal.aborted) return null;
    return await listener.accept();
  } catch (error) {
    if (!signal.aborted) throw error;
    return null;
  } finally {
    signal.removeEventListener("abort", stop);
    closeQuietly(listener);
    await removeSocket(path).catch(() => {});
  }
}

function closeQuietly(listener: Deno.UnixListener): void {
  try {
    listener.close();
  } catch {
    // Closed by the signal.
  }
}

async function listen(path: string): Promise<Deno.UnixListener> {
  try {
    await removeSocket(path);
    return Deno.listen({ transport: "unix", path });
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`listen unix ${path}: ${systemErrorText(error)}`);
  }
}

/** Removes what an earlier run has left; never a file that is something else. */
async function removeSocket(path: string): Promise<void> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  if (info.isSocket !== true) throw new UserError(`listen unix ${path}: the file exists and is no socket`);
  await Deno.remove(path);
}
