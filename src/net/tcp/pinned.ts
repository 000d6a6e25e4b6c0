/** TLS connections to a peer that is known by its certificate alone. */
import { createHash } from "node:crypto";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { UserError } from "../../base/errors.ts";

/** Whom to call, and which certificate it has. */
export interface PinnedOptions {
  readonly hostname: string;
  readonly port: number;
  /** SHA-256 of the peer's certificate, hexadecimal in any case, colons allowed. */
  readonly fingerprint: string;
}

/**
 * A connection whose peer has shown that certificate; nothing has been sent before. Who has signed it does not matter.
 * Throws UserError. (`Deno.connectTls` always asks who has signed.)
 */
export function connectPinned(options: PinnedOptions, signal?: AbortSignal): Promise<TLSSocket> {
  const { hostname, port } = options;
  const wanted = options.fingerprint.replaceAll(":", "").toLowerCase();
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: hostname,
      port,
      rejectUnauthorized: false,
      // A server name must not be an address (RFC 6066 §3).
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
    });
    const fail = (error: Error) => {
      signal?.removeEventListener("abort", stop);
      socket.destroy();
      reject(error instanceof UserError ? error : new UserError(error.message));
    };
    const stop = () => fail(new UserError("canceled"));
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) return stop();
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      const { raw } = socket.getPeerCertificate();
      const found = raw === undefined ? "none" : createHash("sha256").update(raw).digest("hex");
      if (found !== wanted) {
        return fail(new UserError(`fingerprint does not match: expected ${wanted}, got ${found}`));
      }
      signal?.removeEventListener("abort", stop);
      socket.off("error", fail);
      resolve(socket);
    });
  });
}
