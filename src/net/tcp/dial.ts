/** TCP connections of our own clients. */
import { UserError } from "../../base/errors.ts";
import type { ByteConn } from "../byte_conn.ts";
import { type ListenAddress, listenAddressText, systemErrorText } from "../listen_address.ts";
import { SystemConn } from "./conn.ts";

/** Whom to call, and how long to try. */
export interface DialTcpOptions {
  /** A name or an IP, IPv6 without brackets. Both families of a name are tried. */
  readonly hostname: string;
  readonly port: number;
  readonly timeoutMs: number;
  /** Gives up early. */
  readonly signal?: AbortSignal;
}

/** Throws UserError: `dial tcp 10.0.0.1:554: connection refused`. */
export function dialTcp(options: DialTcpOptions): Promise<ByteConn> {
  return dial(options, async (signal) => {
    const conn = await Deno.connect({ hostname: options.hostname, port: options.port, signal });
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
    return new SystemConn(conn, true);
  });
}

/** Runs `connect` under the time limit and words its failure. */
export async function dial<T>(
  options: DialTcpOptions,
  connect: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    stop();
  }, options.timeoutMs);
  options.signal?.addEventListener("abort", stop);
  if (options.signal?.aborted) stop();
  try {
    return await connect(abort.signal);
  } catch (error) {
    const address: ListenAddress = { hostname: options.hostname, port: options.port };
    const reason = late ? "timed out" : options.signal?.aborted ? "canceled" : systemErrorText(error);
    throw new UserError(`dial tcp ${listenAddressText(address)}: ${reason}`);
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", stop);
  }
}
