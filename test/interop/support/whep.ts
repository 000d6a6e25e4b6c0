/** A WHEP client made of our own parts that plays one track of H264 without end, and what it has noticed so far. */
import { WebrtcClient } from "../../protocols/webrtc/support/client.ts";
import type { Player } from "./playing.ts";

const section = {
  media: "video 9 UDP/TLS/RTP/SAVPF 102",
  lines: [
    "a=recvonly",
    "a=rtcp-mux",
    "a=rtpmap:102 H264/90000",
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
  ],
};

export class WhepPlayer implements Player {
  private constructor(readonly name: string, private readonly client: WebrtcClient) {}

  /** `port`: of the server's HTTP. Throws when the server refuses. */
  static async open(name: string, port: number, path: string): Promise<WhepPlayer> {
    return new WhepPlayer(
      name,
      await WebrtcClient.connect({ port, endpoint: "whep", path, sections: [section] }),
    );
  }

  get ended(): boolean {
    const { dtlsCloses, states } = this.client;
    return dtlsCloses.length > 0 || states.at(-1) !== "connected";
  }

  async goesOn(why: string): Promise<void> {
    const { packets } = this.client;
    const before = packets.length;
    await this.client.until(`${why}: media of ${this.name}`, () => this.ended || packets.length > before);
    if (this.ended) throw new Error(`${why}: ${this.name} has noticed: ${this.client.dtlsCloses}`);
  }

  notices(why: string): Promise<void> {
    return this.client.until(`${why}: the end of ${this.name}`, () => this.ended);
  }

  /** It asks for no repetitions: each loss shows. */
  expectNoGap(): void {
    const numbers = this.client.packets.map((packet) => packet[2] << 8 | packet[3]);
    const at = numbers.findIndex((number, i) => i > 0 && number !== (numbers[i - 1] + 1 & 0xffff));
    if (at > 0) throw new Error(`${this.name}: packet ${numbers[at]} came after ${numbers[at - 1]}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.client[Symbol.asyncDispose]();
  }
}
