/** A socket file that one client at a time writes into. */
import { UserError } from "../base/errors.ts";
import { systemErrorText } from "./listen_address.ts";

const readSize = 64 * 1024;

/** `scheme:///path/to.sock`: the path. Throws UserError. */
export function parseUnixInputUrl(url: string): string {
  const found = /^[A-Za-z0-9+.-]+:\/\/(.+)$/.exec(url);
  if (found === null) throw new UserError("invalid URL: expected scheme:///path/of/the.sock");
  return found[1];
}

/** What a client does. */
export interface UnixInputHandler {
  /** `bytes` of one read: valid during the call only. */
  read(bytes: Uint8Array): void;
}

/**
 * Listens on the socket file, which is made anew, and reads until `signal` is aborted or the client that came first has
 * gone. Throws UserError. Clients that come while another is here wait in the system's queue.
 */
export async function readUnixInput(
  path: string,
  handler: UnixInputHandler,
  signal: AbortSignal,
): Promise<void> {
  const listener = await listen(path);
  let conn: Deno.UnixConn | undefined;
  const stop = () => {
    try {
      listener.close();
    } catch {
      // Closed already.
    }
    conn?.close();
    conn = undefined;
  };
  signal.addEventListener("abort", stop);
  try {
    if (signal.aborted) return;
    const accepted = conn = await listener.accept();
    const buffer = new Uint8Array(readSize);
    for (;;) {
      const count = await accepted.read(buffer);
      if (count === null) return;
      handler.read(buffer.subarray(0, count));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
    await removeSocket(path).catch(() => {});
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
