/**
 * DTLS of WebRTC (RFC 8827 §6.5, RFC 5764) in two implementations that pass one suite: the system's libssl, and our own
 * engine, which is loaded only where libssl is not to be had.
 */
import { errorText, UserError } from "../../../base/errors.ts";
import { systemDtlsAvailable } from "../../../net/system_dtls.ts";
import type { DtlsProvider } from "../contracts.ts";
import type { DtlsBackend } from "./association.ts";
import { createIdentity, type Identity } from "./identity.ts";
import { createLibsslBackend } from "./libssl_backend.ts";
import { Provider } from "./provider.ts";

export { maxApplicationData } from "./records.ts";

/** Which of the two does the work. */
export interface DtlsProviderOptions {
  /** `auto` takes libssl where there is one. */
  readonly implementation: "auto" | "libssl" | "portable";
}

/** One certificate for the life of the provider. Throws UserError when libssl is demanded and missing. */
export async function openDtlsProvider({ implementation }: DtlsProviderOptions): Promise<DtlsProvider> {
  const identity = createIdentity(Date.now());
  return new Provider(await openBackend(implementation, identity), identity);
}

async function openBackend(
  implementation: DtlsProviderOptions["implementation"],
  identity: Identity,
): Promise<DtlsBackend> {
  if (implementation !== "portable" && systemDtlsAvailable) {
    try {
      return createLibsslBackend(identity);
    } catch (error) {
      // A system policy may forbid what we ask of it.
      if (implementation === "libssl") throw new UserError(`libssl.so.3 cannot be used: ${errorText(error)}`);
    }
  }
  if (implementation === "libssl") {
    throw new UserError("libssl.so.3 cannot be used: it is not installed, or foreign calls are not allowed");
  }
  const { createPortableBackend } = await import("./portable_backend.ts");
  return createPortableBackend(identity);
}
