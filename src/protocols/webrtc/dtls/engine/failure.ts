/** Why a handshake ends: told to the peer as an alert (RFC 5246 §7.2), to the log as a sentence. */
import { UserError } from "../../../../base/errors.ts";

export const alerts = {
  closeNotify: 0,
  unexpectedMessage: 10,
  handshakeFailure: 40,
  badCertificate: 42,
  illegalParameter: 47,
  decodeError: 50,
  decryptError: 51,
  protocolVersion: 70,
} as const;

export class DtlsFailure extends UserError {
  constructor(readonly alert: number, message: string) {
    super(message);
  }
}
