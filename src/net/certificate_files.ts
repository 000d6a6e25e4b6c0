/** A certificate that follows its files. */
import { errorText } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { CertificateStore, loadCertificate } from "./certificates.ts";
import { FileWatch } from "./file_watch.ts";

/** Owns the watching of the files; the store may be used by any number of listeners. */
export class CertificateFiles {
  readonly #watch: FileWatch;
  #closed = false;

  private constructor(
    readonly store: CertificateStore,
    private readonly certificatePath: string,
    private readonly keyPath: string,
    private readonly logger: Logger,
  ) {
    this.#watch = new FileWatch([certificatePath, keyPath], logger, (path) => void this.#load(path));
  }

  /** Loads the pair. Throws UserError. */
  static async open(certificatePath: string, keyPath: string, logger: Logger): Promise<CertificateFiles> {
    const store = new CertificateStore(await loadCertificate(certificatePath, keyPath));
    return new CertificateFiles(store, certificatePath, keyPath, logger);
  }

  async #load(changed: string): Promise<void> {
    try {
      const loaded = await loadCertificate(this.certificatePath, this.keyPath);
      if (this.#closed) return;
      this.store.replace(loaded);
      this.logger.info(`certificate reloaded after change to ${changed}`);
    } catch (error) {
      // One of the two files is replaced first: until the other is, they do not belong together.
      this.logger.warn(
        `certificate not reloaded after change to ${changed}, the old one stays: ${errorText(error)}`,
      );
    }
  }

  /** Ends the watching. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#watch.close();
  }
}
