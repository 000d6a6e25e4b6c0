import { fastPacketCrypto } from "../../../../src/net/packet_crypto.ts";
import type { PacketBatch } from "../../../../src/net/udp/socket.ts";
import type {
  DtlsProvider,
  DtlsSession,
  IceCredentials,
} from "../../../../src/protocols/webrtc/contracts.ts";
import { createSrtpReceiver, portableCrypto, type SrtpReceiver } from "../../../../src/rtp/srtp/mod.ts";
import {
  afInet,
  lastError,
  libc,
  msgDontWait,
  setReceiveBuffer,
  sockCloseOnExec,
  sockDatagram,
  socketAddress,
} from "../../sys/libc.ts";
import type { Target } from "../../target.ts";
import { isBindingRequest, isBindingSuccess, writeBindingAnswer, writeBindingRequest } from "./binding.ts";
import { type Answer, readAnswer, writeOffer } from "./description.ts";

/** Two seconds of 8 Mbit/s: what the kernel keeps while this thread is busy with others. */
const receiveBufferBytes = 2 * 1024 * 1024;
const requestMs = 100;
const keyBytes = 24;

function randomText(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** One reader: HTTP, then checks, then DTLS, then media. */
export class WhepSession {
  readonly fd: number;
  /** Set when the keys are there. */
  srtp: SrtpReceiver | null = null;
  readonly #local: IceCredentials = { ufrag: randomText(4), password: randomText(keyBytes) };
  #answer: Answer | null = null;
  #dtls: DtlsSession | null = null;
  #connected = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly target: Target,
    private readonly provider: DtlsProvider,
    /** The connection is gone. */
    private readonly onClose: (reason: string) => void,
  ) {
    this.fd = libc().socket(afInet, sockDatagram | sockCloseOnExec, 0);
    if (this.fd < 0) throw new Error(`socket: ${lastError()}`);
    setReceiveBuffer(this.fd, receiveBufferBytes);
  }

  /** Resolves when media can come; `receive` must be fed meanwhile. */
  async join(listen: () => void): Promise<void> {
    const { target } = this;
    const answer = readAnswer(await this.#post(), target.ip);
    this.#answer = answer;
    if (libc().connect(this.fd, socketAddress(answer.ip, answer.port), 16) < 0) {
      throw new Error(`can't use ${answer.ip}:${answer.port}: ${lastError()}`);
    }
    listen();
    this.check();
    this.#timer = setInterval(() => this.check(), requestMs);
    await this.#connected.promise;
    clearInterval(this.#timer);
    this.#dtls = this.provider.createSession({
      role: answer.role,
      remoteFingerprints: [answer.fingerprint],
      send: (batch) => this.#send(batch),
      onData: () => {},
      onClose: (reason) => this.onClose(reason),
    });
    const { profile, remote } = await this.#dtls.connected;
    this.srtp = createSrtpReceiver({ profile, ...remote, crypto: fastPacketCrypto ?? portableCrypto });
  }

  async #post(): Promise<string> {
    const { ip, port, path, authorization } = this.target;
    const response = await fetch(`http://${ip}:${port}${path}/whep`, {
      method: "POST",
      headers: {
        "Content-Type": "application/sdp",
        ...(authorization === "" ? {} : { Authorization: authorization }),
      },
      body: writeOffer(this.#local, this.provider.fingerprint),
    });
    const body = await response.text();
    if (response.status !== 201) {
      throw new Error(`the offer was answered with ${response.status}: ${body.slice(0, 200)}`);
    }
    return body;
  }

  /** A binding request: at first to connect, later to tell the server that media is still wanted (RFC 7675). */
  check(): void {
    if (this.#answer !== null) this.#sendOne(writeBindingRequest(this.#local, this.#answer.credentials));
  }

  /** Anything but media. `bytes` may be cut off once the handshake is over, and changes afterwards. */
  receive(bytes: Uint8Array): void {
    if (isBindingSuccess(bytes)) this.#connected.resolve();
    else if (isBindingRequest(bytes)) this.#sendOne(writeBindingAnswer(bytes, this.#local, this.#answer!));
    else if (bytes[0] >= 20 && bytes[0] <= 63) this.#dtls?.receive(bytes.slice());
  }

  #send({ bytes, sizes }: PacketBatch): void {
    let at = 0;
    for (const size of sizes) this.#sendOne(bytes.slice(at, at += size));
  }

  #sendOne(bytes: Uint8Array<ArrayBuffer>): void {
    libc().send(this.fd, bytes, bytes.length, msgDontWait);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#dtls?.close();
    this.srtp?.close();
    libc().close(this.fd);
  }
}
