import { type DtlsProvider } from "../../../../src/protocols/webrtc/contracts.ts";
import { openDtlsProvider } from "../../../../src/protocols/webrtc/dtls/mod.ts";
import { isRtcp } from "../../../../src/rtp/rtcp/compound.ts";
import { Epoll } from "../../sys/epoll.ts";
import { nowMicros } from "../../sys/libc.ts";
import { PeekReceiver } from "../../sys/recvmmsg.ts";
import type { ReaderContext, ReaderLoop } from "../kinds.ts";
import { peekSize } from "../meter.ts";
import { WhepSession } from "./session.ts";

const wholeSize = 2048;
const joinTimeoutMs = 20_000;
const joinPollMs = 4;
/** Browsers do the same (RFC 7675 §5.1). */
const checkMicros = 2.5e6;
const rtpHeaderSize = 12;

/**
 * WHEP readers, each with a socket of its own. Sequence numbers are in clear and followed for all; every sampled reader
 * also checks and decrypts each packet, which gives it the publisher's stamps. No repetitions are asked for.
 */
export class WhepReaders implements ReaderLoop {
  readonly #epoll = new Epoll();
  readonly #peek = new PeekReceiver(peekSize);
  readonly #whole = new PeekReceiver(wholeSize);
  readonly #sessions = new Map<number, WhepSession>();
  #provider: Promise<DtlsProvider> | null = null;
  #checkedAt = nowMicros();

  constructor(private readonly context: ReaderContext) {}

  async join(readers: readonly number[]): Promise<(Error | null)[]> {
    const provider = await (this.#provider ??= openDtlsProvider({ implementation: "auto" }));
    const deadline = nowMicros() + joinTimeoutMs * 1000;
    let running = readers.length;
    const results = readers.map(async (reader): Promise<Error | null> => {
      try {
        await this.#join(reader, provider);
        return null;
      } catch (error) {
        this.#forget(reader);
        return error instanceof Error ? error : new Error(String(error));
      } finally {
        running--;
      }
    });
    while (running > 0 && nowMicros() < deadline) {
      this.poll(0);
      await new Promise((resolve) => setTimeout(resolve, joinPollMs));
    }
    const late = new Promise<Error>((resolve) =>
      setTimeout(() => resolve(new Error("no connection in time")), 100)
    );
    return await Promise.all(results.map((result) => Promise.race([result, late])));
  }

  async #join(reader: number, provider: DtlsProvider): Promise<void> {
    const session = new WhepSession(this.context.target, provider, (reason) => this.#drop(reader, reason));
    this.#sessions.set(reader, session);
    await session.join(() => this.#epoll.add(session.fd, reader));
  }

  poll(timeoutMs: number): void {
    const ready = this.#epoll.wait(timeoutMs);
    for (let i = 0; i < ready; i++) {
      const reader = this.#epoll.tag(i);
      const session = this.#sessions.get(reader);
      if (session !== undefined) this.#receive(reader, session);
    }
    const now = nowMicros();
    if (now - this.#checkedAt < checkMicros) return;
    this.#checkedAt = now;
    for (const session of this.#sessions.values()) session.check();
  }

  #receive(reader: number, session: WhepSession): void {
    const { meter } = this.context;
    const sampled = meter.isSampled(reader) || session.srtp === null;
    const receiver = sampled ? this.#whole : this.#peek;
    const stride = sampled ? wholeSize : peekSize;
    const count = receiver.receive(session.fd);
    for (let i = 0; i < count; i++) {
      const at = i * stride;
      const bytes = receiver.bytes.subarray(at, at + receiver.size(i));
      if (bytes.length < rtpHeaderSize || bytes[0] < 128) session.receive(bytes);
      else if (isRtcp(bytes) || session.srtp === null) continue;
      else if (!sampled) meter.packet(reader, receiver.bytes, at, bytes.length);
      else this.#decrypt(reader, session, bytes);
    }
  }

  #decrypt(reader: number, { srtp }: WhepSession, bytes: Uint8Array): void {
    const result = srtp!.unprotect(bytes);
    if (result.kind === "ok") this.context.meter.packet(reader, result.bytes, 0, result.bytes.length);
    else this.context.columns.frameGaps[reader]++;
  }

  /** Checks keep the connection. */
  keepAlive(): void {}

  #drop(reader: number, reason: string): void {
    if (!this.#sessions.has(reader)) return;
    this.#forget(reader);
    this.context.disconnected(reader, reason);
  }

  #forget(reader: number): void {
    const session = this.#sessions.get(reader);
    this.#sessions.delete(reader);
    if (session === undefined) return;
    this.#epoll.remove(session.fd);
    session.close();
  }

  close(): void {
    for (const reader of [...this.#sessions.keys()]) this.#forget(reader);
    this.#epoll.close();
    this.#provider?.then((provider) => provider.close());
  }
}
