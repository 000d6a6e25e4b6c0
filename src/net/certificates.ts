/** TLS certificates: loading, keeping, replacing, and making a self-signed one. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { errorText, UserError } from "../base/errors.ts";

/** PEM texts. `certificate` may hold a chain, the server's own first. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Throws UserError which names what is wrong: no certificate, no key, or two that do not belong together. */
export function checkCertificate(candidate: Certificate): void {
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(candidate.certificate);
  } catch (error) {
    throw new UserError(`TLS certificate is not a PEM certificate: ${errorText(error)}`);
  }
  let fits: boolean;
  try {
    fits = leaf.checkPrivateKey(createPrivateKey(candidate.key));
  } catch (error) {
    throw new UserError(`TLS key is not a PEM private key: ${errorText(error)}`);
  }
  if (!fits) throw new UserError("TLS key does not belong to the TLS certificate");
}

/** Reads and checks a pair of PEM files. Throws UserError. */
export async function loadCertificate(certificatePath: string, keyPath: string): Promise<Certificate> {
  const read = async (what: string, path: string) => {
    try {
      return await Deno.readTextFile(path);
    } catch (error) {
      throw new UserError(`unable to read TLS ${what} ${path}: ${errorText(error)}`);
    }
  };
  const loaded = { certificate: await read("certificate", certificatePath), key: await read("key", keyPath) };
  try {
    checkCertificate(loaded);
  } catch (error) {
    throw new UserError(`unable to load ${certificatePath} and ${keyPath}: ${errorText(error)}`);
  }
  return loaded;
}

/** The certificate that listeners use now. Replacing it concerns new connections only. */
export class CertificateStore {
  #current: Certificate;
  readonly #watchers = new Set<() => void>();

  /** Throws UserError when the pair is unusable. */
  constructor(first: Certificate) {
    checkCertificate(first);
    this.#current = first;
  }

  get current(): Certificate {
    return this.#current;
  }

  /** Throws UserError, and keeps the old one, when the pair is unusable. */
  replace(next: Certificate): void {
    checkCertificate(next);
    this.#current = next;
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Calls `watcher` after each replacement until the returned function is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}
