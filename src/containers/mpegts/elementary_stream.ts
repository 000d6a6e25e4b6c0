/** One PID with media: continuity, PES packets, times, units. */
import type { Codec } from "../../codecs/codec.ts";
import type { ElementaryDecoder, PesTime } from "./elementary/decoder.ts";
import { type GatherBudget, PesAssembler } from "./pes_assembler.ts";
import { ContinuityChecker } from "./continuity.ts";
import type { TransportPacket } from "./wire/packet.ts";
import type { PesHeader } from "./wire/pes_header.ts";
import type { PmtStream } from "./wire/pmt.ts";

/** What the streams of a program report to. */
export interface StreamSink {
  unit(
    stream: ElementaryStream,
    payload: readonly Uint8Array[],
    time: PesTime,
    randomAccess: boolean,
    codec: Codec,
  ): void;
  error(stream: ElementaryStream, text: string): void;
  /** The times of a PES packet on the program's time line. */
  unwrap(pts: number, dts: number): PesTime;
}

export class ElementaryStream {
  readonly #continuity = new ContinuityChecker();
  readonly #assembler: PesAssembler;
  #scrambledTold = false;

  constructor(
    /** Position in the PMT, from 1. */
    readonly number: number,
    readonly entry: PmtStream,
    readonly decoder: ElementaryDecoder,
    private readonly sink: StreamSink,
    budget: GatherBudget,
  ) {
    this.#assembler = new PesAssembler(
      { pes: (header, data) => this.#decode(header, data), broken: (text) => this.#lost(text) },
      budget,
    );
  }

  packet(packet: TransportPacket): void {
    const { payload } = packet;
    if (packet.scrambled) {
      if (!this.#scrambledTold) this.#error("is scrambled");
      this.#scrambledTold = true;
      return;
    }
    const step = this.#continuity.next(packet);
    if (step === "damaged") {
      this.#loss("a packet is damaged");
      return;
    }
    if (step === "repeated") {
      // A packet may be sent twice; fifteen lost ones look the same, but for the content.
      if (payload === null || !this.#assembler.isActive || this.#assembler.repeats(payload)) return;
      this.#loss("packets are lost");
    } else if (step !== "follows") {
      this.#loss(`${step.lost} packets are lost`);
    }
    if (payload !== null) this.#assembler.push(payload, packet.unitStart);
  }

  /** The stream ends. */
  flush(): void {
    this.#assembler.finish();
    this.decoder.flush(this.#decoderSink);
  }

  /** Packets before the next one may be lost, whatever the counter says. */
  interrupt(): void {
    this.#assembler.drop("an interruption in a PES packet");
  }

  /** Gives up what is gathered. */
  close(): void {
    this.#assembler.drop("the track ended in a PES packet");
  }

  #loss(text: string): void {
    if (this.#assembler.isActive) this.#assembler.drop(text);
    else this.#lost(text);
  }

  #lost(text: string): void {
    this.decoder.reset();
    this.#error(text);
  }

  #error(text: string): void {
    this.sink.error(this, text);
  }

  #decode(header: PesHeader, data: Uint8Array): void {
    if (data.length === 0) return;
    const { pts, dts = pts } = header;
    const time = pts === undefined || dts === undefined ? null : this.sink.unwrap(pts, dts);
    this.decoder.decode(data, time, header.aligned, this.#decoderSink);
  }

  readonly #decoderSink = {
    unit: (payload: readonly Uint8Array[], time: PesTime, randomAccess: boolean, codec: Codec) =>
      this.sink.unit(this, payload, time, randomAccess, codec),
    error: (text: string) => this.#error(text),
  };
}
