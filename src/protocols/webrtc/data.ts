import { randomBytes } from "node:crypto";
import type { Logger } from "../../base/logger.ts";
import type { DtlsSession } from "./contracts.ts";
import { maxApplicationData } from "./dtls/mod.ts";
import type { OfferedSection } from "./negotiation/mod.ts";
import { DataChannels } from "./sctp/mod.ts";

/** The data channels of a session (RFC 8831): messages go out, what comes in is nobody's. */
export class SessionData {
  readonly #channels: DataChannels;

  /** Begins at once: DTLS is connected. The ports are those of the peer's description. */
  constructor(
    dtls: DtlsSession,
    role: "server" | "client",
    { sctpPort, maxMessageSize }: Pick<OfferedSection, "sctpPort" | "maxMessageSize">,
    logger: Logger,
  ) {
    this.#channels = new DataChannels({
      role,
      send: (packet) => dtls.sendData(packet),
      onMessage: () => {},
      onClose: (reason) => logger.debug(`data channels ended: ${reason}`),
      mtu: maxApplicationData,
      ...sctpPort === null ? {} : { remotePort: sctpPort },
      ...maxMessageSize === null ? {} : { maxMessageSize },
      random: (size) => randomBytes(size),
    }, performance.now());
  }

  /** Gives what sends one message on the new channel; it drops what the peer does not take. */
  open(label: string): (bytes: Uint8Array) => void {
    const channel = this.#channels.open(label, performance.now());
    return (bytes) => void channel.send(bytes, performance.now());
  }

  receive(bytes: Uint8Array): void {
    this.#channels.receive(bytes, performance.now());
  }

  tick(): void {
    this.#channels.tick(performance.now());
  }

  close(): void {
    this.#channels.close();
  }
}
