import type { Logger } from "../../base/logger.ts";
import type { Conf } from "../../conf/mod.ts";
import type { NetAddress } from "../../net/address.ts";
import type { PacketBatch } from "../../net/udp/mod.ts";
import type { PathManager } from "../../paths/mod.ts";
import type { ConnectionOptions } from "./engine/connection.ts";
import type { SecretTrials } from "./secret_trials.ts";
import type { Wakeable } from "./wakes.ts";

/** What the connections of one SRT server share. */
export interface SrtContext {
  /** Another one after a reload. */
  conf: Conf;
  readonly logger: Logger;
  readonly pathManager: PathManager;
  connectionOptions(): ConnectionOptions;
  /** As `UdpSocket.room`. */
  readonly room: (size: number) => Uint8Array;
  send(batch: PacketBatch, to: NetAddress): void;
  /** A number that no other connection has. */
  createSocketId(): number;
  readonly secrets: SecretTrials;
  /** Something has happened that may need a tick. */
  schedule(who: Wakeable): void;
}
