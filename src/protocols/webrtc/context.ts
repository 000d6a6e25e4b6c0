import type { Logger } from "../../base/logger.ts";
import type { PacketCrypto } from "../../base/packet_crypto.ts";
import type { Conf } from "../../conf/mod.ts";
import type { PathManager } from "../../paths/mod.ts";
import type { DtlsProvider, IceEvents, IceSession } from "./contracts.ts";

/** What the sessions of one WebRTC server share. */
export interface WebrtcContext {
  /** In use now; a change replaces it. */
  conf: Conf;
  readonly logger: Logger;
  readonly pathManager: PathManager;
  readonly crypto: PacketCrypto;
  /** The same for every session; opened for the first one. */
  dtls(): Promise<DtlsProvider>;
  createIce(events: IceEvents): IceSession;
}
