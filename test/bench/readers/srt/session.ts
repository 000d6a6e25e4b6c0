import { CallerHandshake, type CallerResult } from "../../../../src/protocols/srt/engine/caller.ts";
import type { ConnectionSettings } from "../../../../src/protocols/srt/engine/connection.ts";
import { serializeAck } from "../../../../src/protocols/srt/wire/ack.ts";
import { rejectionText } from "../../../../src/protocols/srt/wire/handshake.ts";
import { ControlType, serializeControl } from "../../../../src/protocols/srt/wire/packet.ts";
import { addSequence, sequenceDistance } from "../../../../src/protocols/srt/wire/sequence.ts";
import { readWord } from "../../../../src/protocols/srt/wire/words.ts";
import {
  afInet,
  lastError,
  libc,
  nowMicros,
  setReceiveBuffer,
  setTimeouts,
  sockCloseOnExec,
  sockDatagram,
  socketAddress,
} from "../../sys/libc.ts";
import type { Target } from "../../target.ts";
import type { Conversation } from "../lockstep.ts";

/** Two seconds of 8 Mbit/s: what the kernel keeps while this thread is busy with others. */
const receiveBufferBytes = 2 * 1024 * 1024;
const connectSeconds = 5;
const ackPeriod = 10_000;
const leastLatency = 120;
/** What a client on this machine would measure, and would have room for. */
const statistics = { rtt: 1000, rttVariance: 200, availableBuffer: 8192 };
const rates = { packetRate: 200, linkCapacity: 100_000, byteRate: 260_000 };

/** One connection. It acknowledges as libsrt does, and never asks for anything again: losses are to be seen. */
export class SrtSession {
  readonly fd: number;
  #settings: ConnectionSettings | null = null;
  #next = 0;
  #acknowledged = 0;
  #ackedAt = 0;
  #ackNumber = 0;

  constructor(private readonly target: Target) {
    this.fd = libc().socket(afInet, sockDatagram | sockCloseOnExec, 0);
    if (this.fd < 0) throw new Error(`socket: ${lastError()}`);
    setReceiveBuffer(this.fd, receiveBufferBytes);
    setTimeouts(this.fd, connectSeconds);
    if (libc().connect(this.fd, socketAddress(target.ip, target.port), 16) !== 0) {
      throw new Error(`connect: ${lastError()}`);
    }
  }

  *start(): Conversation {
    const handshake = new CallerHandshake({
      socketId: 1 + Math.floor(Math.random() * 0x3fff_0000),
      streamId: `read:${this.target.path.slice(1)}`,
      passphrase: "",
      keyLength: 16,
      mode: "ctr",
      receiveLatency: leastLatency,
      sendLatency: leastLatency,
      timeout: connectSeconds * 1_000_000,
      random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    }, nowMicros());
    const buffer = new Uint8Array(2048);
    const pointer = Deno.UnsafePointer.of(buffer);
    for (let result: CallerResult | null = null; result?.kind !== "connected";) {
      const packet = handshake.take(nowMicros());
      if (packet !== null) this.#send(packet);
      yield;
      const size = libc().recv(this.fd, pointer, buffer.length, 0);
      if (size <= 0) throw new Error(`no answer: ${lastError()}`);
      result = handshake.receive(buffer.slice(0, size), nowMicros());
      if (result?.kind === "rejected") throw new Error(rejectionText(result.code));
      if (result?.kind === "connected") this.#connected(result.settings);
    }
  }

  #connected(settings: ConnectionSettings): void {
    this.#settings = settings;
    this.#next = this.#acknowledged = settings.peerInitialSequence;
  }

  #send(packet: Uint8Array): void {
    libc().send(this.fd, new Uint8Array(packet), packet.length, 0);
  }

  /** Packets that are missing before this one; negative: it comes late or twice. */
  received(bytes: Uint8Array, at: number): number {
    const sequence = readWord(bytes, at);
    const gap = sequenceDistance(this.#next, sequence);
    if (gap >= 0) this.#next = addSequence(sequence, 1);
    return gap;
  }

  /** True when there is something to acknowledge later. */
  acknowledge(now: number): boolean {
    const settings = this.#settings;
    if (settings === null || this.#acknowledged === this.#next) return false;
    if (now - this.#ackedAt < ackPeriod) return true;
    this.#ackedAt = now;
    this.#acknowledged = this.#next;
    this.#control(
      settings,
      ControlType.ack,
      ++this.#ackNumber,
      serializeAck({ sequence: this.#next, statistics, rates }),
    );
    return false;
  }

  keepAlive(): void {
    if (this.#settings !== null) this.#control(this.#settings, ControlType.keepAlive, 0, new Uint8Array(4));
  }

  #control(settings: ConnectionSettings, type: number, info: number, body: Uint8Array): void {
    const timestamp = (nowMicros() - settings.startedAt) >>> 0;
    const destination = settings.peerSocketId;
    this.#send(serializeControl({ type, subtype: 0, info, timestamp, destination, body }));
  }

  close(): void {
    if (this.#settings !== null) this.#control(this.#settings, ControlType.shutdown, 0, new Uint8Array(4));
    libc().close(this.fd);
  }
}
