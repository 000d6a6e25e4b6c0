/** What the rows of servers for operators have in common. */
import { OperatorServer, type OperatorServerOptions } from "../../admin/listener/mod.ts";
import type { CertificateStore } from "../../net/certificates.ts";
import type { Running } from "../lifecycle.ts";
import type { Services } from "../services.ts";
import { withCertificate } from "./certificate.ts";

/** Over HTTP or HTTPS. */
export async function operatorServer(
  { conf, logger }: Services,
  name: OperatorServerOptions["name"],
  createHandler: OperatorServerOptions["createHandler"],
): Promise<Running> {
  const start = (certificates: CertificateStore | null) =>
    new OperatorServer({ name, conf, logger, certificates, createHandler });
  if (!conf[`${name}Encryption`]) return start(null);
  return await withCertificate(conf[`${name}ServerCert`], conf[`${name}ServerKey`], logger, start);
}

/** Starts something; calls `before` when it has to end, and `after` when it has ended. Both, when it could not start. */
export async function releasing(
  start: () => Promise<Running>,
  before: () => void,
  after: () => Promise<void>,
): Promise<Running> {
  try {
    const running = await start();
    return {
      reload: (conf) => running.reload?.(conf),
      close: async () => {
        before();
        try {
          await running.close();
        } finally {
          await after();
        }
      },
    };
  } catch (error) {
    before();
    await after();
    throw error;
  }
}
