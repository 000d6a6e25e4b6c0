/** Certificates of servers. */
import type { Logger } from "../../base/logger.ts";
import { CertificateFiles } from "../../net/certificate_files.ts";
import type { CertificateStore } from "../../net/certificates.ts";
import type { Running } from "../lifecycle.ts";

/** Starts something that uses a certificate, which follows its files as long as it runs. */
export async function withCertificate(
  certificatePath: string,
  keyPath: string,
  logger: Logger,
  start: (certificates: CertificateStore) => Promise<Running> | Running,
): Promise<Running> {
  const files = await CertificateFiles.open(certificatePath, keyPath, logger);
  try {
    const running = await start(files.store);
    return {
      reload: (conf) => running.reload?.(conf),
      close: async () => {
        await files.close();
        await running.close();
      },
    };
  } catch (error) {
    await files.close();
    throw error;
  }
}
