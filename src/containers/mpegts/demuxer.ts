/** MPEG-TS → units (ISO/IEC 13818-1). */
import { errorText, ParseError } from "../../base/errors.ts";
import type { DemuxerEvent } from "./demuxer_event.ts";
import { PacketSplitter } from "./packet_splitter.ts";
import { Program } from "./program.ts";
import { Tables } from "./tables.ts";
import { parsePacket, type TransportPacket } from "./wire/packet.ts";

/**
 * Takes the bytes of one transport stream in chunks of any size, and never throws: what is wrong comes out as events.
 * Reads one program. A unit comes out when its last byte is known, so video of unknown length with the next frame.
 */
export class MpegtsDemuxer {
  #events: DemuxerEvent[] = [];
  readonly #program = new Program((event) => this.#events.push(event));
  readonly #tables = new Tables({
    pmt: (pmt) => this.#program.update(pmt),
    error: (text) => this.#error(text),
  });
  readonly #splitter = new PacketSplitter({
    packet: (bytes, at) => this.#packet(bytes, at),
    skipped: (count) => {
      this.#error(`synchronization was lost: ${count} bytes are skipped`);
      this.#program.interrupt();
    },
  });

  /** Packets with media that were read so far: grows as long as what comes is a transport stream with tracks. */
  get mediaPackets(): number {
    return this.#program.packets;
  }

  /** `chunk` may be used again afterwards. */
  push(chunk: Uint8Array): DemuxerEvent[] {
    this.#splitter.push(chunk);
    return this.#take();
  }

  /**
   * The end of a file or segment: what was waiting for the next frame comes out. Not for connections that broke off:
   * the last frame would be cut.
   */
  flush(): DemuxerEvent[] {
    this.#splitter.flush();
    this.#program.flush();
    return this.#take();
  }

  #take(): DemuxerEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #error(text: string): void {
    this.#events.push({ type: "error", text });
  }

  #packet(bytes: Uint8Array, at: number): void {
    let packet: TransportPacket;
    try {
      packet = parsePacket(bytes, at);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      this.#error(errorText(error));
      return;
    }
    if (!this.#tables.packet(packet)) this.#program.packet(packet);
  }
}
